// tandem-get downloads many URLs at once, and has work done on each file, in processes, as soon as it is there.
//
//   tandem-get [OPTIONS] URL [sha256=HEX] [out=NAME] [URL ...]
//
// All that it knows of downloading is in tandem::http; here are its command line and its screen. See --help.

#include "tandem_get/cause.hpp"
#include "tandem_get/demo.hpp"
#include "tandem_get/get.hpp"
#include "tandem_get/options.hpp"
#include "tandem_get/screen.hpp"
#include "tandem_get/session.hpp"
#include "tandem_get/text.hpp"

#include <tandem/worker.hpp>

#include <boost/program_options/errors.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>

#include <signal.h>

namespace {

void complain(const std::string& text)
{
    screen out;
    out.say("tandem-get: " + text);
    out.show();
}

int run(int argc, char** argv)
{
    constexpr int could_not_begin = 2;
    std::optional<options> given;
    remember_logins(argc, argv);
    try {
        given = read_options(argc, argv);
        hide_logins(argc, argv);
        if (!given) {
            return 0;
        }
    } catch (const boost::program_options::error& error) {
        // Of an option that is none, its value may be a password.
        const std::string what = error.what();
        const std::size_t value = std::min(what.find('='), what.size());
        const std::size_t end = std::min(what.find('\'', value), what.size());
        complain(what.substr(0, value) + what.substr(end) + "; see tandem-get --help");
        return could_not_begin;
    } catch (const std::exception&) {
        complain(cause_of(std::current_exception()).message + "; see tandem-get --help");
        return could_not_begin;
    }
    try {
        session here;
        const int status = given->demo ? demo(*given, here) : get(*given, here);
        // Not by returning: a look-up of a name may not have come back, and the session would wait for it.
        std::fflush(nullptr);
        std::_Exit(status);
    } catch (const std::exception&) {
        complain(cause_of(std::current_exception()).message);
    }
    return could_not_begin;
}

} // namespace

int main(int argc, char** argv)
{
    ::signal(SIGXFSZ, SIG_IGN); // a file that gets larger than it may is an error of who writes it: EFBIG
    tandem::run_if_worker();
    return run(argc, argv);
}
