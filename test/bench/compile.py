"""compile.py SOURCE: processor time of compiling it as a user's program, in seconds."""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
command = [os.environ.get("CXX", "c++"), "-std=c++20", "-O2", "-I", str(HERE.parent.parent / "include"),
           "-c", str(HERE / "compile" / sys.argv[1]), "-o", "/dev/null"]
before = os.times()
subprocess.run(command, check=True)
after = os.times()
print(after.children_user + after.children_system - before.children_user - before.children_system)
