// A worker that does and says what its arguments tell, in their order:
//   hex:BYTES     writes bytes, given in hexadecimal, to the protocol
//   answer:BYTES  the same with the last call's id where a frame has its own
//   slow          from now on writes to the protocol byte by byte, with pauses
//   noise:COUNT   writes that many bytes of nothing in particular
//   text:TEXT     writes text to the protocol
//   log:TEXT      writes a line to stderr
//   lognoise:COUNT  writes that many bytes of nothing in particular to stderr
//   call          waits for a call from the pool, and begins it
//   peek          waits for a call, and does not begin it
//   hang          does nothing for ever
//   close         closes the protocol's output
//   deaf          closes the protocol's input
//   signal:NUMBER sends itself a signal
//   exit:CODE     ends
//   script:FOLDER takes the first file that is left of FOLDER/0, FOLDER/1, ...: its lines are the steps, and the last ones
//   exec:PROGRAM  becomes another program
#include <channel/frame.hpp>
#include <channel/hello.hpp>
#include <control_guard.hpp>
#include <status/status_page.hpp>
#include <worker/marker.hpp>

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace {

bool is_slow = false;

void put(int fd, const std::string& bytes)
{
    for (std::size_t done = 0; done != bytes.size();) {
        const ssize_t size = ::write(fd, bytes.data() + done, is_slow ? 1 : bytes.size() - done);
        if (size < 0)
            ::_exit(9);
        done += static_cast<std::size_t>(size);
        if (is_slow)
            ::usleep(50);
    }
}

std::string from_hex(const std::string& text)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    return bytes;
}

// Reads so many bytes, or drops them; false at the end of file.
bool read_exactly(std::size_t size, char* into)
{
    char dropped[4096];
    while (size != 0) {
        const ssize_t got = ::read(0, into ? into : dropped, into ? size : std::min(size, sizeof dropped));
        if (got <= 0)
            return false;
        size -= static_cast<std::size_t>(got);
        into = into ? into + got : nullptr;
    }
    return true;
}

std::uint64_t called_with = 0; // the last call's id

tandem::status::status_page* shared_page()
{
    void* const page = ::mmap(nullptr, sizeof(tandem::status::status_page), PROT_READ | PROT_WRITE, MAP_SHARED,
                              tandem::worker::status_page, 0);
    return page == MAP_FAILED ? nullptr : static_cast<tandem::status::status_page*>(page);
}

bool wait_for_call(bool begin)
{
    static tandem::status::status_page* const page = shared_page();
    for (;;) {
        tandem::channel::frame_header header;
        if (!read_exactly(sizeof header, reinterpret_cast<char*>(&header)))
            return false;
        const std::size_t rest = tandem::channel::padded(header.size);
        if (header.kind != static_cast<std::uint16_t>(tandem::channel::frame_kind::task)) {
            if (!read_exactly(rest, nullptr))
                return false;
            continue;
        }
        tandem::channel::task_call call;
        if (!read_exactly(sizeof call, reinterpret_cast<char*>(&call)) || !read_exactly(rest - sizeof call, nullptr))
            return false;
        called_with = header.id;
        return !begin || (page && page->slots.at(call.slot).begin(header.id, std::chrono::steady_clock::now()));
    }
}

std::string with_id_of_call(std::string bytes)
{
    constexpr std::size_t at = offsetof(tandem::channel::frame_header, id);
    if (bytes.size() >= at + sizeof called_with)
        std::memcpy(bytes.data() + at, &called_with, sizeof called_with);
    return bytes;
}

std::string noise(std::size_t size)
{
    std::string bytes;
    unsigned state = 1;
    while (bytes.size() != size) {
        state = state * 1103515245 + 12345;
        bytes += static_cast<char>(state >> 16);
    }
    return bytes;
}

using steps = std::vector<std::string>;

// Nothing where no file is left.
std::optional<steps> take_script(const std::string& folder)
{
    for (int number = 0;; ++number) {
        const std::string path = folder + '/' + std::to_string(number), taken = path + ".taken";
        if (::rename(path.c_str(), taken.c_str()) == 0) {
            steps lines;
            std::ifstream in(taken);
            for (std::string line; std::getline(in, line);)
                lines.push_back(line);
            return lines;
        }
        if (!std::ifstream(taken)) // else another fake worker has it
            return std::nullopt;
    }
}

int run(const steps& all) // NOLINT(misc-no-recursion)
{
    for (const std::string& step : all) {
        const std::string what = step.substr(0, step.find(':'));
        const std::string rest = what.size() == step.size() ? "" : step.substr(what.size() + 1);
        if (what == "hex")
            put(1, from_hex(rest));
        else if (what == "answer")
            put(1, with_id_of_call(from_hex(rest)));
        else if (what == "slow")
            is_slow = true;
        else if (what == "noise")
            put(1, noise(std::stoul(rest)));
        else if (what == "text")
            put(1, rest);
        else if (what == "log")
            put(2, rest + "\n");
        else if (what == "lognoise")
            put(2, noise(std::stoul(rest)));
        else if ((what == "call" || what == "peek") && !wait_for_call(what == "call"))
            return 0;
        else if (what == "close")
            ::close(1);
        else if (what == "deaf")
            ::close(0);
        else if (what == "signal")
            ::kill(::getpid(), std::stoi(rest));
        else if (what == "exit")
            return std::stoi(rest);
        else if (what == "exec")
            ::execl(rest.c_str(), rest.c_str(), nullptr);
        while (what == "hang")
            ::pause();
        if (what == "script")
            if (const auto script = take_script(rest))
                return run(*script);
    }
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    tandem::control_guard::lift(tandem::worker::control_in); // as a worker that begins to serve
    return run({argv + 1, argv + argc});
}
