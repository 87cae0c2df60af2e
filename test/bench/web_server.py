"""nginx on loopback, started with a configuration of its own, and ended by its process id."""
import pathlib
import socket
import subprocess
import time

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
        root {root};
    }}
}}
"""


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr[-400:]}")


def make_certificates(folder):
    """ca.pem, and server.pem with its key, for 127.0.0.1 and localhost."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run("openssl", "req", "-x509", *key, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-days", 2,
        "-subj", "/CN=benchmark CA", "-addext", "keyUsage=critical,keyCertSign")
    run("openssl", "req", *key, "-keyout", folder / "server.key", "-out", folder / "server.csr", "-subj", "/CN=localhost")
    extensions = folder / "extensions"
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n")
    run("openssl", "x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
        "-CAcreateserial", "-days", 2, "-extfile", extensions, "-out", folder / "server.pem")


def free_ports(count):
    """Free a moment ago, which is the best that can be known."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class WebServer:
    """Serves `root` over http and https from its `with` to the end of it; `folder` is for what it needs itself."""

    def __init__(self, folder: pathlib.Path, root: pathlib.Path):
        self.folder = folder
        self.ca_file = folder / "ca.pem"
        make_certificates(folder)
        plain, tls = free_ports(2)
        self.port = plain
        self.urls = {"http": f"http://127.0.0.1:{plain}", "https": f"https://127.0.0.1:{tls}"}
        (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, root=root, plain=plain, tls=tls))

    def __enter__(self):
        log = self.folder / "error.log"
        with log.open("w") as errors:
            # A session of its own: Ctrl-C is for the benchmark, which ends the server.
            self.process = subprocess.Popen(
                ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True)
        try:
            for _ in range(100):
                if self.process.poll() is not None:
                    raise RuntimeError(f"nginx: {log.read_text()[-400:]}")
                try:
                    socket.create_connection(("127.0.0.1", self.port), 1).close()
                    return self
                except ConnectionRefusedError:
                    time.sleep(0.05)
            raise RuntimeError("nginx does not answer")
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
