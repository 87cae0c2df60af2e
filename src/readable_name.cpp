#include <readable_name.hpp>

#include <boost/core/demangle.hpp>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

namespace tandem::detail {
namespace {

using arguments = std::vector<std::string>;

constexpr std::size_t longest = 64 * 1024; // templates can have names of any length
constexpr int deepest = 100;

std::string replaced(std::string text, std::string_view what, std::string_view with)
{
    for (auto found = text.find(what); found != std::string::npos; found = text.find(what, found + with.size()))
        text.replace(found, what.size(), with);
    return text;
}

// Versions of the standard library's names.
std::string without_versions(std::string_view demangled)
{
    std::string text(demangled);
    for (const std::string_view version : {"::__cxx11::", "::__1::", "::_V2::"})
        text = replaced(std::move(text), version, "::");
    return replaced(std::move(text), "[abi:cxx11]", "");
}

bool is_in_name(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The name that `text` ends with.
std::string_view last_name(std::string_view text)
{
    std::size_t begin = text.size();
    while (begin != 0 && (is_in_name(text[begin - 1]) || text[begin - 1] == ':'))
        --begin;
    return text.substr(begin);
}

// Whether its last arguments have defaults; those of a tuple are all somebody's.
bool has_defaults(std::string_view name)
{
    constexpr std::string_view names[] = {
        "deque",         "forward_list",       "list",          "map",           "match_results",
        "multimap",      "multiset",           "priority_queue", "queue",        "set",
        "stack",         "unique_ptr",         "unordered_map", "unordered_multimap",
        "unordered_multiset", "unordered_set", "vector"};
    if (!name.starts_with("std::"))
        return false;
    name.remove_prefix(name.rfind(':') + 1);
    return name.starts_with("basic_") || std::ranges::find(names, name) != std::end(names);
}

bool is_default(std::string_view argument, const arguments& all)
{
    const std::string& first = all.front();
    constexpr std::string_view of_the_first[] = {"allocator", "char_traits", "default_delete", "deque",       "equal_to",
                                                 "hash",      "less",        "regex_traits",   "vector"};
    if (std::ranges::any_of(of_the_first,
                            [&](std::string_view name) { return argument == "std::" + std::string(name) + '<' + first + '>'; }))
        return true;
    return all.size() > 2 && argument == "std::allocator<std::pair<" + first + " const, " + all[1] + ">>";
}

// `std::string` for `std::basic_string<char>`.
std::optional<std::string> usual_name(std::string_view name, std::string_view character)
{
    constexpr std::string_view head = "std::basic_";
    constexpr std::pair<std::string_view, std::string_view> marks[] = {
        {"char", ""}, {"wchar_t", "w"}, {"char8_t", "u8"}, {"char16_t", "u16"}, {"char32_t", "u32"}};
    const auto mark = std::ranges::find(marks, character, &std::pair<std::string_view, std::string_view>::first);
    if (!name.starts_with(head) || mark == std::end(marks))
        return std::nullopt;
    return "std::" + std::string(mark->second) + std::string(name.substr(head.size()));
}

class shortening
{
public:
    explicit shortening(std::string_view text) : text_(text) {}

    /// Nothing where it is no name as demanglers write it.
    std::optional<std::string> whole()
    {
        std::string result = read('\0');
        return failed_ ? std::nullopt : std::optional(std::move(result));
    }

private:
    bool is_at_end() const { return position_ == text_.size(); }

    // Up to `closing`, which stays; that of an argument is a comma as well.
    std::string read(char closing)
    {
        std::string out;
        if (++depth_ > deepest)
            failed_ = true;
        while (!is_at_end() && !failed_) {
            const char c = text_[position_];
            if (closing != '\0' && (c == closing || (closing == '>' && c == ','))) {
                --depth_;
                return out;
            }
            if (out.ends_with("operator") && last_name(out).ends_with("operator") && read_operator(out))
                continue;
            ++position_;
            if (c == '<' && begins_arguments(out)) {
                read_arguments(out);
            } else {
                out += c;
                if (c == '(') {
                    out += read(')');
                    out += ')';
                    ++position_;
                }
            }
        }
        failed_ = failed_ || closing != '\0';
        --depth_;
        return out;
    }

    // The symbol, in which < and > are no brackets.
    bool read_operator(std::string& out)
    {
        for (const std::string_view symbol : {"<=>", "<<=", ">>=", "->*", "<<", ">>", "<=", ">=", "->", "<", ">", "()"})
            if (text_.substr(position_).starts_with(symbol)) {
                out += symbol;
                position_ += symbol.size();
                return true;
            }
        return false;
    }

    static bool begins_arguments(const std::string& out)
    {
        return !out.empty() && (is_in_name(out.back()) || (out.back() == ' ' && out.find("operator") != std::string::npos));
    }

    void read_arguments(std::string& out)
    {
        arguments all;
        for (bool goes_on = true; goes_on && !failed_;) {
            std::string argument = read('>');
            argument.erase(0, argument.find_first_not_of(' '));
            argument.erase(argument.find_last_not_of(' ') + 1);
            all.push_back(std::move(argument));
            goes_on = !is_at_end() && text_[position_] == ',';
            position_ += is_at_end() ? 0 : 1;
        }
        const std::string name(last_name(out));
        if (has_defaults(name))
            while (all.size() > 1 && is_default(all.back(), all))
                all.pop_back();
        if (const auto usual = all.size() == 1 ? usual_name(name, all.front()) : std::nullopt) {
            out.replace(out.size() - name.size(), name.size(), *usual);
            return;
        }
        out += '<';
        for (std::size_t i = 0; i != all.size(); ++i)
            out += (i == 0 ? "" : ", ") + all[i];
        out += '>';
    }

    std::string_view text_;
    std::size_t position_ = 0;
    int depth_ = 0;
    bool failed_ = false;
};

} // namespace

std::string readable_name(const char* mangled)
{
    return shortened_name(boost::core::demangle(mangled));
}

std::string shortened_name(std::string_view demangled)
{
    std::string text = without_versions(demangled.substr(0, longest));
    if (demangled.size() > longest)
        return text;
    return shortening(text).whole().value_or(text);
}

} // namespace tandem::detail
