#ifndef EXAMPLE_TANDEM_GET_CAUSE_HPP
#define EXAMPLE_TANDEM_GET_CAUSE_HPP

#include <exception>
#include <string>

/// Why a file failed, for people and for programs.
struct cause
{
    std::string message{}; ///< a sentence, which begins with the URL where names_url
    std::string code{};    ///< "target_exists", "ENOSPC", "worker_died"; "error" where there is none
    std::string hint{};    ///< which options of the command line help; empty where none does
    std::string url{};     ///< that failed, after redirects; empty where it is not of a download
    unsigned status = 0;   ///< of the response, 0 where none came
    bool names_url = false;
    bool disk_full = false;
    bool cancelled = false;
};

cause cause_of(const std::exception_ptr& error);

/// What the library says of its own, with options of the command line in place of its members' names.
std::string in_option_names(std::string text);

#endif
