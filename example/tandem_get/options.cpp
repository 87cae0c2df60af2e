#include "tandem_get/options.hpp"

#include "tandem_get/habits.hpp"
#include "tandem_get/network.hpp"
#include "tandem_get/quantity.hpp"
#include "tandem_get/scheme.hpp"
#include "tandem_get/text.hpp"
#include "tandem_get/writing.hpp"

#include <boost/make_shared.hpp>
#include <boost/program_options.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
namespace http = tandem::http;
namespace po = boost::program_options;

namespace {

constexpr const char* usage = "tandem-get [OPTIONS] URL [sha256=HEX] [out=NAME] [mirror=URL] [URL ...]\n"
                              "\n"
                              "Downloads the URLs (http, https), many at once: each file is complete under its\n"
                              "name, or there is none of it there but NAME.part, from which the next download\n"
                              "goes on where that is safe. Words behind a URL belong to it: the checksum of its\n"
                              "bytes (sha256=, sha512=, sha1=, md5=, each in hexadecimal digits), its file's name\n"
                              "(out=), further URLs of the same file (mirror=). host/file is https://host/file,\n"
                              "or http://host/file where nothing answers by https.\n";

constexpr const char* statuses = "\n"
                                 "Exit status: 0 every file is there; 1 some failed; 2 the command line is wrong,\n"
                                 "and nothing was done; 3 the disk is full; 129, 130 or 143 ended by a signal.\n"
                                 "After 3 and a signal nothing is lost: what is complete stays, what can be resumed\n"
                                 "stays.\n";

/// The command line as it stands.
struct command_line
{
    std::string input{};
    std::string directory = ".";
    std::string output{};
    std::string if_exists = "fail";
    std::string encoded = "keep";
    std::string max_size{};
    std::string rate{};
    std::string retry_delay{};
    std::string connect_timeout{};
    std::string idle_timeout{};
    std::string max_time{};
    std::string min_rate{};
    std::string min_rate_time{};
    std::string cacert{};
    std::string cert{};
    std::string key{};
    std::string interface_or_address{};
    std::string unix_socket{};
    std::string user{};
    std::string netrc_file{};
    std::string proxy{};
    std::string then{};
    std::string json{};
    std::vector<std::string> headers{};
    std::vector<std::string> words{};
    std::string parallel = "16";
    std::string per_host{};
    std::string segments = "1";
    std::string retries = "5";
    std::string max_redirects = "20";
    std::string workers{};
};

class option_group
{
public:
    explicit option_group(const char* title) : options_(title) {}

    template <class T>
    option_group& value(const char* name, T& to, const char* value_name, const char* help)
    {
        auto* const semantic = po::value(&to)->value_name(value_name);
        if constexpr (std::is_same_v<T, std::string>) {
            semantic->notifier([name, value_name](const std::string& given) {
                if (given.empty()) { // a shell's variable that is not set
                    const std::string_view all_names = name;
                    throw std::invalid_argument("--" + std::string(all_names.substr(0, all_names.find(','))) +
                                                " takes " + value_name + ", not nothing");
                }
            });
        }
        return add(name, semantic, help);
    }

    option_group& flag(const char* name, const char* help) { return add(name, new po::untyped_value(true), help); }

    option_group& add(const char* name, const po::value_semantic* semantic, const char* help)
    {
        options_.add(boost::make_shared<po::option_description>(name, semantic, help));
        return *this;
    }

    const po::options_description& options() const { return options_; }

private:
    po::options_description options_;
};

/// All that --help shows.
po::options_description shown_options(command_line& to)
{
    option_group files("Files");
    files
        .value("input,i", to.input, "FILE",
               "a list: a URL a line, with the same words behind it; \"-\": standard input")
        .value("directory,d", to.directory, "FOLDER", "where the files go (.); made where there is none")
        .value("output,o", to.output, "NAME",
               "what a single URL's file is called; \"-\": once it is complete it goes to the standard output (or into a "
               "device or FIFO of that name; a symbolic link to a file is never written through)")
        .value(
            "if-exists", to.if_exists, "WHAT",
            "where a file has the name already: fail (the default), rename (the new one becomes NAME-2), replace, or "
            "skip (it stays if it is the same: its size and time are the server's, or its bytes have the checksum; any "
            "other file of that name is REPLACED)")
        .value("max-size", to.max_size, "SIZE", "refuse files over 500, 64K, 1.5M, 2G bytes")
        .value(
            "encoded", to.encoded, "WHAT",
            "a file that the server says is encoded (Content-Encoding): keep (the default; as it comes, with a warning "
            "where its name does not tell), or refuse; --compressed decodes gzip")
        .flag("content-disposition", "files are called what the server says")
        .flag("no-resume", "do not go on from a NAME.part, nor leave one")
        .flag("strict-resume", "go on from a NAME.part by an entity tag only, never by a date")
        .flag("no-time", "files do not get the time that the server says")
        .flag("sync", "a file is on the disk before it gets its name");
    option_group speed("Speed");
    speed.value("parallel,p", to.parallel, "N", "downloads at once (16)")
        .value("per-host", to.per_host, "N", "connections to one host (as many as there may be in all)")
        .value("segments", to.segments, "N", "connections for one large file (1)")
        .value("rate", to.rate, "SIZE", "bytes a second of all together")
        .flag("compressed", "ask for gzip, and decode it, but for files named .gz");
    option_group trouble("Trouble");
    trouble.value("retries", to.retries, "N", "further tries (5)")
        .value("retry-delay", to.retry_delay, "SECONDS", "before the first of them (1); it doubles")
        .value("connect-timeout", to.connect_timeout, "SECONDS", "for a connection (30)")
        .value("idle-timeout", to.idle_timeout, "SECONDS", "with no byte from the server (60)")
        .value("max-time", to.max_time, "SECONDS", "for a file, with all its tries (no limit)")
        .value("min-rate", to.min_rate, "SIZE", "the fewest bytes a second of a file (0)")
        .value("min-rate-time", to.min_rate_time, "SECONDS", "on the average of this time (30)")
        .value("max-redirects", to.max_redirects, "N", "to be followed (20)");
    option_group access("Access");
    access.value("header", to.headers, "'NAME: VALUE'", "to be sent as well; may be given several times")
        .value("user", to.user, "NAME:PASSWORD", "for the URLs' own hosts, sent by Basic")
        .flag("netrc", "logins are in ~/.netrc")
        .value("netrc-file", to.netrc_file, "FILE", "logins are in that file")
        .flag("https-only", "no http URLs, also in redirects")
        .value("cacert", to.cacert, "FILE", "PEM certificates to trust in place of the system's")
        .value("cert", to.cert, "FILE", "a PEM certificate of your own, for servers that ask for one")
        .value("key", to.key, "FILE", "its key, where that is not in the same file")
        .value("proxy", to.proxy, "URL", "http, https, socks5, or socks5h (which looks names up), in place of those of the environment")
        .flag("no-proxy", "use none, whatever the environment says")
        .value("interface", to.interface_or_address, "NAME", "come from this network interface, or this address")
        .value("unix-socket", to.unix_socket, "PATH", "connect to this socket, whatever host a URL names");
    option_group then("Then");
    then.value("then", to.then, "TASK", "work on each file as soon as it is there, in a process of its own: see below")
        .value("workers", to.workers, "N", "such processes (as many as cores may be used)")
        .value("json", to.json, "FILE", "results, a JSON object a line; \"-\": standard output")
        .flag("quiet,q", "print nothing but errors, warnings and results")
        .flag("demo", "serve 1,000 files to itself, download, verify and compare")
        .flag("help,h", "show this")
        .flag("version", "show the version");
    po::options_description all;
    all.add(files.options()).add(speed.options()).add(trouble.options()).add(access.options()).add(then.options());
    return all;
}

std::size_t in_bounds(const char* option, const std::string& text, std::size_t least, std::size_t most)
{
    std::size_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || rest != end || value < least || value > most) {
        throw std::invalid_argument(std::string(option) + " takes a number from " + std::to_string(least) + " to " +
                                    std::to_string(most) + ", not '" + without_login(text) + "'");
    }
    return value;
}

void set_size(const char* option, const std::string& text, std::uint64_t& to)
{
    if (!text.empty()) {
        to = parse_size(option, text);
    }
}

void set_time(const char* option, const std::string& text, std::chrono::milliseconds& to, bool may_be_zero = false)
{
    if (text.empty()) {
        return;
    }
    to = parse_seconds(option, text);
    if (to.count() == 0 && !may_be_zero) {
        throw std::invalid_argument(std::string(option) + " must be at least 0.001 seconds");
    }
}

http::existing_file parse_existing(const std::string& text)
{
    if (text == "fail") {
        return http::existing_file::fail;
    }
    if (text == "rename") {
        return http::existing_file::rename;
    }
    if (text == "replace") {
        return http::existing_file::replace;
    }
    if (text == "skip") {
        return http::existing_file::skip_if_same;
    }
    throw std::invalid_argument("--if-exists takes fail, rename, replace or skip, not '" + text + "'");
}

http::encoded_body parse_encoded(const std::string& text)
{
    if (text == "keep") {
        return http::encoded_body::keep;
    }
    if (text == "refuse") {
        return http::encoded_body::refuse;
    }
    throw std::invalid_argument("--encoded takes keep or refuse, not '" + text + "'");
}

http::header_field parse_header(const std::string& text)
{
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos || colon == 0) {
        throw std::invalid_argument("--header takes 'NAME: VALUE'"); // not what was given: it may be a secret
    }
    const std::size_t value = text.find_first_not_of(" \t", colon + 1);
    return {text.substr(0, colon), value == std::string::npos ? "" : text.substr(value)};
}

http::credentials parse_login(const std::string& text)
{
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) {
        throw std::invalid_argument("--user takes NAME:PASSWORD"); // not what was given: it may be a password
    }
    return {text.substr(0, colon), text.substr(colon + 1)};
}

fs::path own_netrc()
{
    const char* home = std::getenv("HOME");
    if (!home) {
        throw std::invalid_argument("--netrc needs the variable HOME; or give --netrc-file FILE");
    }
    return fs::path(home) / ".netrc";
}

void use_proxy(const std::string& url, http::proxy_options& to)
{
    to.http = url;
    to.https = url;
    try {
        to.validate();
    } catch (const std::invalid_argument& e) {
        throw std::invalid_argument(std::string("--proxy: ") + e.what());
    }
}

/// As proxy_options::from_environment() takes them.
std::string set_variable(std::initializer_list<const char*> names)
{
    for (const char* const name : names) {
        const char* const value = std::getenv(name);
        if (value && *value != '\0') {
            return name;
        }
    }
    return {};
}

void find_proxy_sources(const command_line& line, const po::variables_map& given, options& to)
{
    if (given.count("no-proxy")) {
        return;
    }
    const bool is_given = !line.proxy.empty();
    to.http_proxy_source = is_given ? "--proxy" : set_variable({"http_proxy", "all_proxy", "ALL_PROXY"});
    to.https_proxy_source =
        is_given ? "--proxy" : set_variable({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
}

http::client_options connections_of(const command_line& line, const po::variables_map& given)
{
    http::client_options result;
    const std::size_t in_all =
        in_bounds("--parallel", line.parallel, 1, 10'000) * in_bounds("--segments", line.segments, 1, 64);
    result.max_connections = in_all;
    result.max_connections_per_host =
        line.per_host.empty() ? in_all : in_bounds("--per-host", line.per_host, 1, 10'000);
    set_time("--connect-timeout", line.connect_timeout, result.connect_timeout);
    set_size("--rate", line.rate, result.max_rate);
    result.ca_file = line.cacert;
    if (!line.cert.empty()) {
        show_certificate(line.cert, line.key, result);
    } else if (!line.key.empty()) {
        throw std::invalid_argument("--key is of a certificate: give --cert FILE too");
    }
    if (!line.interface_or_address.empty()) {
        result.local_addresses = local_addresses(line.interface_or_address);
    }
    result.unix_socket = line.unix_socket;
    result.user_agent = "tandem-get/" TANDEM_GET_VERSION;
    result.netrc_file = !line.netrc_file.empty() ? fs::path(line.netrc_file)
                        : given.count("netrc")   ? own_netrc()
                                                 : fs::path();
    if (!given.count("no-proxy")) {
        result.proxy = http::proxy_options::from_environment();
        if (!line.proxy.empty()) {
            use_proxy(line.proxy, result.proxy);
        }
    } else if (!line.proxy.empty()) {
        throw std::invalid_argument("--proxy and --no-proxy contradict each other");
    }
    return result;
}

http::download_options each_of(const command_line& line, const po::variables_map& given)
{
    http::download_options result;
    result.existing = parse_existing(line.if_exists);
    set_size("--max-size", line.max_size, result.max_body_size);
    set_size("--min-rate", line.min_rate, result.min_rate);
    set_time("--min-rate-time", line.min_rate_time, result.min_rate_period);
    set_time("--idle-timeout", line.idle_timeout, result.idle_timeout);
    set_time("--max-time", line.max_time, result.total_timeout);
    set_time("--retry-delay", line.retry_delay, result.retry.first_delay, true);
    result.retry.max_delay = std::max(result.retry.max_delay, result.retry.first_delay);
    result.retry.retries = static_cast<unsigned>(in_bounds("--retries", line.retries, 0, 1'000'000));
    result.max_redirects = static_cast<unsigned>(in_bounds("--max-redirects", line.max_redirects, 0, 1'000));
    result.segments = static_cast<unsigned>(in_bounds("--segments", line.segments, 1, 64));
    result.https_only = given.count("https-only") != 0;
    result.compressed = given.count("compressed") != 0;
    result.encoded = parse_encoded(line.encoded);
    result.content_disposition = given.count("content-disposition") != 0;
    result.resume = given.count("no-resume") == 0;
    result.resume_by_date = given.count("strict-resume") == 0;
    result.keep_time = given.count("no-time") == 0;
    result.sync = given.count("sync") != 0;
    for (const std::string& header : line.headers) {
        result.headers.push_back(parse_header(header));
    }
    try {
        http::check_options(result);
    } catch (const std::invalid_argument& wrong) { // all but the header fields are right by now
        throw std::invalid_argument(std::string("--header: ") + wrong.what());
    }
    if (!line.user.empty()) {
        result.login = parse_login(line.user);
    }
    return result;
}

/// The folder and the name that --output says, for the only URL; or what its file is written into.
void set_output(const std::string& output, options& to)
{
    const fs::path path = output;
    if (to.items.size() != 1 || to.input || to.each.content_disposition) {
        throw std::invalid_argument(to.each.content_disposition
                                        ? "--output and --content-disposition contradict each other"
                                        : "--output is for a single URL; write out=NAME behind each of several");
    }
    if (!path.has_filename() || path.filename() == "." || path.filename() == "..") {
        throw std::invalid_argument("--output takes a file's name, not '" + output + "'; --directory takes a folder's");
    }
    to.stream = output_stream::find(output == "-" ? path : to.directory / path);
    if (to.stream) {
        return;
    }
    to.directory = path.has_parent_path() ? to.directory / path.parent_path() : to.directory;
    to.items.front().name = path.filename();
}

/// Options of which the one begins as the other does.
std::string similar_options(const std::string& option, const po::options_description& known)
{
    std::string result;
    for (const auto& each : known.options()) {
        const std::string name = "--" + each->long_name();
        constexpr std::size_t least = 5; // "--" and three letters
        if (option == name) {
            return option + " VALUE"; // what follows its name is neither a space nor '='
        }
        if (option.size() >= least && (name.starts_with(option) || option.starts_with(name))) {
            result += (result.empty() ? "" : " or ") + name;
        }
    }
    return result;
}

/// Without what stands before it in the same word and is an option: "-O-" of "-qO-".
std::string unknown_part(const po::option& word, const po::options_description& known)
{
    const std::string& token = word.original_tokens.front();
    const std::vector<std::string> all = options_in(token);
    const bool begins_well = !all.empty() && all.front() != token.substr(0, token.find('=')) &&
                             known.find_nothrow(all.front(), false);
    if (!begins_well && !known.find_nothrow(token, false)) {
        return token;
    }
    const std::string key = word.string_key.starts_with('-') ? word.string_key : '-' + word.string_key;
    return key + (word.value.empty() ? "" : word.value.front());
}

void refuse_unknown(const po::parsed_options& parsed, const po::options_description& known)
{
    std::string text;
    for (const po::option& word : parsed.options) {
        if (!word.unregistered) {
            continue;
        }
        for (const std::string& option : options_in(unknown_part(word, known))) {
            std::string hint(habit_hint(option));
            if (hint.empty()) {
                const std::string similar = similar_options(option, known);
                hint = similar.empty() ? "" : "is " + similar + " meant?";
            }
            text += (text.empty() ? "" : "\n") + ("there is no option " + option) + (hint.empty() ? "" : ": " + hint);
        }
    }
    if (!text.empty()) {
        throw std::invalid_argument(text);
    }
}

/// Of a word that is neither a URL nor an option of an item's: a checksum that is written in another way, mostly.
std::string describe_stray(const std::string& word, bool may_be_secret)
{
    struct sum
    {
        std::size_t digits;
        const char* name;
    };
    constexpr sum sums[] = {{64, "sha256"}, {128, "sha512"}, {40, "sha1"}, {32, "md5"}};
    const bool is_hexadecimal =
        std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
    for (const sum& one : sums) {
        if (is_hexadecimal && word.size() == one.digits) {
            return std::to_string(one.digits) + " hexadecimal digits alone are no URL; if they are a checksum, write " +
                   one.name + "=... behind the URL";
        }
    }
    // Not what is behind the name: it may be a secret all the same.
    std::size_t end = word.find_first_of("=:");
    for (const sum& one : sums) {
        if (word.starts_with(one.name + std::string("-"))) {
            end = std::min(end, std::string_view(one.name).size());
        }
    }
    const std::string shown = end < word.size() ? word.substr(0, end + 1) + "..." : word;
    return (may_be_secret ? "a word behind the options" : "'" + without_login(shown) + "'") +
           " is neither a URL nor one of sha256=, sha512=, sha1=, md5=, out=, mirror=";
}

/// Device and inode of a regular file; nothing for others, which nobody empties.
std::optional<std::pair<dev_t, ino_t>> identity_of(const std::string& name, int standard_stream)
{
    struct stat found
    {
    };
    const bool is_there =
        (name == "-" ? ::fstat(standard_stream, &found) : ::stat(name.c_str(), &found)) == 0 && S_ISREG(found.st_mode);
    return is_there ? std::optional(std::pair(found.st_dev, found.st_ino)) : std::nullopt;
}

/// What --json is written to must be none of the files that are read: it would be emptied.
void require_own_file(const std::string& json, const command_line& line)
{
    const auto written = identity_of(json, STDOUT_FILENO);
    const std::pair<const char*, const std::string*> read[] = {{"--input", &line.input},
                                                               {"--netrc-file", &line.netrc_file},
                                                               {"--cacert", &line.cacert},
                                                               {"--cert", &line.cert},
                                                               {"--key", &line.key}};
    for (const auto& [option, name] : read) {
        if (written && !name->empty() && identity_of(*name, STDIN_FILENO) == written) {
            throw std::invalid_argument(std::string(option) + " and --json are the same file, '" + *name + "'");
        }
    }
}

options to_options(const command_line& line, const po::variables_map& given)
{
    options result;
    result.demo = given.count("demo") != 0;
    result.quiet = given.count("quiet") != 0;
    // Without its quotes, what stands behind --header and --user is a word of its own.
    result.items = items_of(line.words, !line.headers.empty() || !line.user.empty());
    result.directory = line.directory.empty() ? "." : line.directory;
    result.connections = connections_of(line, given);
    find_proxy_sources(line, given, result);
    result.each = each_of(line, given);
    result.parallel = in_bounds("--parallel", line.parallel, 1, 10'000);
    result.workers = line.workers.empty() ? 0 : in_bounds("--workers", line.workers, 1, 1'000);
    if (!line.input.empty()) {
        result.input = line.input;
    }
    if (!line.json.empty()) {
        result.json = output_stream::names_standard_output(line.json) ? "-" : line.json;
    }
    if (!line.output.empty()) {
        set_output(line.output, result);
    }
    if (!line.then.empty()) {
        result.then = find_then_task(line.then);
        if (!result.then) {
            throw std::invalid_argument("--then takes " + then_task_names() + ", not '" + line.then + "'");
        }
    }
    if (result.stream && result.then) {
        throw std::invalid_argument("--then works on a file, and --output " + line.output + " leaves none");
    }
    if (result.stream && result.stream->is_standard_output() && result.json == "-") {
        throw std::invalid_argument("--output and --json cannot both have the standard output");
    }
    if (result.json) {
        require_own_file(*result.json, line);
    }
    for (const http::list_item& item : result.items) {
        // Not "host/file": a folder may well be called like a host.
        if (lacks_scheme(item.url) && item.url.find('/') == std::string::npos && fs::is_regular_file(item.url)) {
            throw std::invalid_argument("'" + item.url + "' is a file here: if it is a list of URLs, give --input " +
                                        item.url + ", else https://" + item.url);
        }
    }
    const bool has_files = !result.items.empty() || result.input;
    if (!has_files && !result.demo) {
        throw std::invalid_argument("there is nothing to download: give URLs, or --input FILE");
    }
    if (has_files && result.demo) {
        throw std::invalid_argument("--demo downloads from itself: give it no URLs");
    }
    return result;
}

void print(const std::string& text)
{
    if (const int error = write_whole(STDOUT_FILENO, text); error != 0) {
        throw std::system_error(error, std::generic_category(), "cannot write to the standard output");
    }
}

} // namespace

std::vector<http::list_item> items_of(const std::vector<std::string>& words, bool near_secrets)
{
    std::vector<std::string> lines;
    for (std::size_t i = 0; i != words.size(); ++i) {
        const std::string& word = words[i];
        if (!item_option(word).empty()) {
            if (lines.empty()) {
                throw std::invalid_argument(word.substr(0, word.find('=') + 1) + " must stand behind the URL that it is for");
            }
            if (word.find_first_of(" \t\n") != std::string::npos) {
                throw std::invalid_argument(word.substr(0, word.find('=') + 1) +
                                            " must not hold spaces; --output takes any name");
            }
            lines.back() += ' ' + word;
            continue;
        }
        if (!may_be_url(word)) {
            // Behind a blank in a URL may stand the rest of its password.
            const bool behind_login = !lines.empty() && without_login(lines.back()) != lines.back();
            const bool before_host = std::any_of(words.begin() + static_cast<std::ptrdiff_t>(i), words.end(),
                                                 [](const std::string& each) { return each.find('@') != each.npos; });
            throw std::invalid_argument(describe_stray(word, near_secrets || behind_login || before_host));
        }
        std::string url;
        for (const char character : word) {
            url += character == ' ' ? "%20" : std::string(1, character);
        }
        lines.push_back(std::move(url));
    }
    std::vector<http::list_item> result;
    for (const std::string& line : lines) {
        std::optional<http::list_item> item = http::list_item::parse(line);
        if (!item) {
            throw std::invalid_argument("'" + without_login(line) + "' is not a URL");
        }
        check_mirrors(*item);
        result.push_back(std::move(*item));
    }
    return result;
}

std::optional<options> read_options(int argc, char** argv)
{
    command_line line;
    const po::options_description shown = shown_options(line);
    po::options_description all;
    all.add(shown).add_options()("word", po::value(&line.words));
    po::positional_options_description positional;
    positional.add("word", -1);

    // An option is not guessed from its beginning: "--retry 3" would be "--retry-delay 3".
    constexpr int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::command_line_parser parser(argc, argv);
    const po::parsed_options parsed =
        parser.options(all).positional(positional).style(style).allow_unregistered().run();
    refuse_unknown(parsed, shown);
    po::variables_map given;
    po::store(parsed, given);
    po::notify(given);
    if (given.count("help")) {
        std::ostringstream help;
        help << usage << shown << "\nTasks for --then:\n" << then_tasks_help() << statuses;
        print(std::move(help).str());
        return std::nullopt;
    }
    if (given.count("version")) {
        print("tandem-get " TANDEM_GET_VERSION "\n");
        return std::nullopt;
    }
    return to_options(line, given);
}
