#include "tandem_get/habits.hpp"

#include <algorithm>
#include <iterator>

namespace {

struct habit
{
    std::string_view options; ///< each between spaces
    std::string_view hint;
};

constexpr habit habits[] = {
    {" -L --location ", "redirects are followed anyway"},
    {" -O --remote-name --remote-name-all --output-document ",
     "a file is called as its URL ends; another name is given with -o NAME, or out=NAME after the URL"},
    {" -O- ", "the standard output is -o - here"},
    {" -J --remote-header-name ", "it is --content-disposition here"},
    {" -H ", "it is --header 'NAME: VALUE' here"},
    {" -A -U --user-agent ", "it is --header 'User-Agent: NAME' here"},
    {" -e --referer ", "it is --header 'Referer: URL' here"},
    {" -b --cookie ", "it is --header 'Cookie: NAME=VALUE' here"},
    {" -C -c --continue --continue-at ", "what was interrupted goes on by itself when the same command is given again"},
    {" -k --insecure --no-check-certificate ",
     "certificates are always verified; --cacert FILE names an authority of your own"},
    {" --ca-certificate ", "it is --cacert FILE here"},
    {" -s --silent -nv --no-verbose ", "it is --quiet here"},
    {" -S --show-error ", "errors are shown anyway, also with --quiet"},
    {" -f --fail --fail-with-body ", "an answer that is not the file is an error anyway"},
    {" -# --progress-bar --show-progress ", "on a terminal there is a line for each file anyway"},
    {" -u --http-user --http-password ", "it is --user NAME:PASSWORD here"},
    {" -n ", "it is --netrc here"},
    {" -x ", "it is --proxy URL here"},
    {" -m --timeout -T --read-timeout --retry-max-time ",
     "it is --max-time SECONDS for a file, --idle-timeout and --connect-timeout here"},
    {" -t --tries --retry ", "it is --retries N here"},
    {" --waitretry ", "it is --retry-delay SECONDS here"},
    {" -P --directory-prefix --output-dir ", "it is --directory FOLDER here"},
    {" --create-dirs ", "folders are made anyway"},
    {" -N --timestamping -z --time-cond ", "it is --if-exists=skip here"},
    {" -nc --no-clobber ", "a file that is there is kept anyway; see --if-exists"},
    {" -R --remote-time ", "a file gets the server's time anyway"},
    {" --limit-rate --max-download-limit ", "it is --rate SIZE here"},
    {" -Y -y --speed-limit --speed-time ", "it is --min-rate SIZE and --min-rate-time SECONDS here"},
    {" --max-filesize ", "it is --max-size SIZE here"},
    {" --max-redirs --max-redirect ", "it is --max-redirects N here"},
    {" -Z -j --parallel-max --max-concurrent-downloads ", "it is --parallel N here"},
    {" --split --max-connection-per-server ", "it is --segments N here"},
    {" --input-file ", "it is --input FILE here"},
    {" -g --globoff ", "URLs are taken as they are anyway"},
    {" -X --request --method -F --form --data --data-raw --data-binary --data-urlencode --post-data --post-file "
     "--upload-file ",
     "it only downloads (GET); curl can send something"},
    {" -I --head --server-response --spider --include -D --dump-header ",
     "it only downloads files; curl -I shows what a server says of one"},
    {" -r --range --mirror --recursive --page-requisites ",
     "it downloads whole files, of the URLs that it is given: neither ranges (curl -r) nor links (wget -r)"},
    {" -v --verbose --trace ", "errors say what the server did anyway; --json FILE has the details of each file"},
    {" --checksum ", "it is sha256=DIGEST after the URL here"},
};

/// Letters of curl's that take no value, so that others may stand behind them in one word.
constexpr std::string_view flags = "LOJksSfnNRZ#g";

} // namespace

std::string_view habit_hint(std::string_view option)
{
    const std::string wanted = ' ' + std::string(option) + ' ';
    const auto* const found = std::find_if(std::begin(habits), std::end(habits), [&](const habit& one) {
        return one.options.find(wanted) != std::string_view::npos;
    });
    return found == std::end(habits) ? std::string_view() : found->hint;
}

std::vector<std::string> options_in(std::string_view word)
{
    if (word.starts_with("--")) {
        const auto is_of_name = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        };
        return {std::string(word.begin(), std::find_if_not(word.begin(), word.end(), is_of_name))};
    }
    if (!habit_hint(word).empty()) {
        return {std::string(word)};
    }
    std::vector<std::string> result;
    for (std::size_t i = 1; i < word.size() && word[i] != '-'; ++i) {
        if (word.substr(i) == "O-") {
            result.emplace_back("-O-");
            break;
        }
        result.push_back(std::string("-") + word[i]);
        if (flags.find(word[i]) == std::string_view::npos) {
            break;
        }
    }
    return result;
}
