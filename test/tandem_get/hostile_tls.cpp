// Certificates, handshakes, and how a connection over TLS ends.
#include "tandem_get/hostile.hpp"
#include "tandem_get/the_authority.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <thread>

#include <openssl/ssl.h>

using namespace test;

BOOST_AUTO_TEST_SUITE(tls)

namespace {

using context = boost::asio::ssl::context;

context with_versions(int least, int most)
{
    context result = trusted();
    // The lowest security level: else OpenSSL has no ciphers for the old versions.
    SSL_CTX_set_security_level(result.native_handle(), 0);
    SSL_CTX_set_min_proto_version(result.native_handle(), least);
    SSL_CTX_set_max_proto_version(result.native_handle(), most);
    return result;
}

scripted_server::script then_notify(const std::string& bytes)
{
    return [bytes](peer& client) {
        client.read_request();
        client.send(bytes);
        client.close_notify();
    };
}

row secure(const std::string& name, const scripted_server::script& server, int status, const tree& files,
           const std::vector<std::string>& says, const std::function<context()>& tls = trusted)
{
    row result{name, server, status, files, says};
    result.tls = tls;
    return result;
}

const std::vector<row> rows = {
    secure("a good one", answer_always(ok("bytes")), 0, {{"file", "bytes"}}, {}),
    secure("TLS 1.2", answer_always(ok("bytes")), 0, {{"file", "bytes"}}, {},
           [] { return with_versions(TLS1_2_VERSION, TLS1_2_VERSION); }),
    secure("TLS 1.3", answer_always(ok("bytes")), 0, {{"file", "bytes"}}, {},
           [] { return with_versions(TLS1_3_VERSION, TLS1_3_VERSION); }),
    secure("TLS 1.1", answer_always(ok("bytes")), 1, {}, {"TLS"},
           [] { return with_versions(TLS1_VERSION, TLS1_1_VERSION); }),
    secure("expired", answer_always(ok("bytes")), 1, {}, {"certificate has expired", "was refused"},
           [] { return the_authority().server("IP:127.0.0.1", -60); }),
    secure("self-signed", answer_always(ok("bytes")), 1, {}, {"self-signed", "was refused"},
           [] { return self_signed("IP:127.0.0.1"); }),
    secure("by an authority that nobody trusts", answer_always(ok("bytes")), 1, {}, {"was refused"},
           [] { return authority().server("IP:127.0.0.1"); }),
    secure("for another address", answer_always(ok("bytes")), 1, {}, {"IP address mismatch", "was refused"},
           [] { return the_authority().server("IP:127.0.0.2"); }),
    secure("for a host of another name", answer_always(ok("bytes")), 1, {}, {"IP address mismatch", "was refused"},
           [] { return the_authority().server("DNS:other.example"); }),
    secure("for a host that is named like the address", answer_always(ok("bytes")), 1, {}, {"was refused"},
           [] { return the_authority().server("DNS:127.0.0.1"); }),
    secure("HTTP/1.0 until the end, with a close notification", then_notify("HTTP/1.0 200 OK\r\n\r\nbytes"), 0,
           {{"file", "bytes"}}, {}),
    secure("HTTP/1.0 until the end, without one", answer_once("HTTP/1.0 200 OK\r\n\r\nbytes"), 1, {},
           {"before the body was complete"}),
    secure("HTTP/1.1 until the end, without one", answer_once(answer("", "bytes")), 1, {},
           {"before the body was complete"}),
    secure("a length, without a close notification", answer_once(ok("bytes")), 0, {{"file", "bytes"}}, {}),
    secure("a length too long, with a close notification", then_notify(answer("Content-Length: 10\r\n", "bytes")), 1,
           {}, {"before the body was complete"}),
    secure("chunks without the last, with a close notification", then_notify(chunked("5\r\nbytes\r\n")), 1, {},
           {"before the body was complete"}),
    secure("a reset",
           [](peer& client) {
               client.read_request();
               client.send(answer("", noise(50'000)));
               client.reset();
           },
           1, {}, {"before the body was complete"}),
};

/// The URL of a plain server, asked for over TLS.
std::string https(const scripted_server& server)
{
    return "https" + server.url("/file").substr(std::string("http").size());
}

} // namespace

BOOST_DATA_TEST_CASE(each, boost::unit_test::data::make(rows), r)
{
    check_row(r);
}

BOOST_AUTO_TEST_CASE(a_wrong_host_name)
{
    for (const char* const names : {"DNS:other.example", "DNS:*.localhost", "DNS:localhost.example", "IP:127.0.0.1"}) {
        BOOST_TEST_CONTEXT(names)
        {
            context with = the_authority().server(names);
            const sandbox box;
            const scripted_server server(answer_always(ok("bytes")), &with);
            const std::string url = server.url("/file", "localhost");
            box.check_ended(box.get({url}), 1, {url, "hostname mismatch", "was refused"});
            box.check_there({});
        }
    }
}

BOOST_AUTO_TEST_CASE(a_right_host_name_is_asked_for)
{
    context with = the_authority().server("DNS:localhost");
    std::atomic<bool> asked{false};
    SSL_CTX_set_tlsext_servername_arg(with.native_handle(), &asked);
    SSL_CTX_set_tlsext_servername_callback(
        with.native_handle(), +[](SSL* session, int*, void* to) {
            const char* const name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
            *static_cast<std::atomic<bool>*>(to) = name && std::string(name) == "localhost";
            return SSL_TLSEXT_ERR_OK;
        });
    const sandbox box;
    const scripted_server server(answer_always(ok("bytes")), &with);
    box.check_ended(box.get({server.url("/file", "localhost")}), 0);
    box.check_there({{"file", "bytes"}});
    BOOST_TEST(asked);
}

BOOST_AUTO_TEST_CASE(a_stalled_handshake)
{
    const sandbox box;
    const scripted_server server([](peer& client) { client.wait_for_end(); });
    box.check_ended(box.get({"--connect-timeout", "0.3", https(server)}), 1, {https(server), "--connect-timeout"});
    box.check_there({});
}

BOOST_AUTO_TEST_CASE(a_handshake_that_trickles)
{
    const sandbox box;
    const scripted_server server([](peer& client) {
        // The header of a TLS record of 16 KiB, and its bytes one by one.
        client.send(std::string("\x16\x03\x03\x40\x00", 5));
        for (int i = 0; i != 2000 && client.send("x"); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    });
    box.check_ended(box.get({"--connect-timeout", "0.4", https(server)}), 1, {https(server), "--connect-timeout"});
    box.check_there({});
}

BOOST_AUTO_TEST_CASE(a_handshake_that_is_none)
{
    for (const std::string& bytes : {std::string(), ok("bytes"), noise(5000), std::string(100'000, '\x16')}) {
        BOOST_TEST_CONTEXT(bytes.substr(0, 10))
        {
            const sandbox box;
            const scripted_server server([&](peer& client) { client.send(bytes); });
            box.check_ended(box.get({https(server)}), 1, {https(server), "TLS"});
            box.check_there({});
        }
    }
}

BOOST_AUTO_TEST_CASE(a_handshake_where_none_is_expected)
{
    context with = trusted();
    const sandbox box;
    const scripted_server server(answer_always(ok("bytes")), &with);
    const std::string url = "http" + server.url("/file").substr(std::string("https").size());
    box.check_ended(box.get({url}), 1, {url});
    box.check_there({});
}

BOOST_AUTO_TEST_CASE(certificates_that_cannot_be_read)
{
    const sandbox box;
    write_file(box.own() / "garbage.pem", "this is no certificate");
    const scripted_server server(answer_always(ok("bytes")));
    for (const std::string& file : {(box.own() / "garbage.pem").string(), (box.own() / "none.pem").string()}) {
        surroundings place = box.place();
        const ended seen =
            process({TANDEM_GET, "-d", box.files().string(), "--cacert", file, server.url("/file")}, place).wait();
        BOOST_TEST((seen.status == 1 || seen.status == 2), seen);
        box.check_ended(seen, seen.status, {file});
        box.check_there({});
    }
}

BOOST_AUTO_TEST_SUITE_END()
