#include <codec/thrown_type.hpp>
#include <readable_name.hpp>
#include <tandem/codec.hpp>
#include <tandem/error.hpp>

#include <cxxabi.h>

#include <any>
#include <concepts>
#include <filesystem>
#if __has_include(<format>)
#include <format>
#endif
#include <functional>
#include <future>
#include <ios>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

namespace tandem::detail {
namespace {

using in_bytes = std::span<const std::byte>;

template <class E>
exception_type rebuilt_from_what()
{
    return {typeid(E).name(), [](byte_buffer& out, const std::exception& e) { encode(out, std::string(e.what())); },
            [](in_bytes in, bool is_nesting) { return make_exception(E(decode<std::string>(in)), is_nesting); }};
}

template <class E>
exception_type rebuilt_from_nothing()
{
    return {typeid(E).name(), [](byte_buffer&, const std::exception&) {},
            [](in_bytes in, bool is_nesting) {
                expect_end(in.size());
                return make_exception(E(), is_nesting);
            }};
}

// system_error appends the code's message to what it was given, so it must be taken off before it is given again.
std::string without_message(std::string what, const std::string& message)
{
    if (what == message)
        return {};
    const std::string suffix = ": " + message;
    if (what.ends_with(suffix))
        what.resize(what.size() - suffix.size());
    return what;
}

template <class Code>
struct coded
{
    Code code;
    std::string what;
};

template <class E>
auto coded_from(const E& error)
{
    std::string suffix = error.code().message();
    if constexpr (requires { error.code().what(); }) // Boost's names the category and the value too
        suffix = error.code().what();
    return coded<std::remove_cvref_t<decltype(error.code())>>{error.code(), without_message(error.what(), suffix)};
}

template <class E>
exception_type rebuilt_from_code()
{
    using parts = decltype(coded_from(std::declval<const E&>()));
    return {typeid(E).name(),
            [](byte_buffer& out, const std::exception& e) { encode(out, coded_from(dynamic_cast<const E&>(e))); },
            [](in_bytes in, bool is_nesting) {
                const auto [code, what] = decode<parts>(in);
                if constexpr (std::constructible_from<E, decltype(code), const std::string&>)
                    return make_exception(what.empty() ? E(code) : E(code, what), is_nesting);
                else
                    return make_exception(E(what, code), is_nesting);
            }};
}

exception_type filesystem_error_type()
{
    using E = std::filesystem::filesystem_error;
    struct parts
    {
        std::error_code code;
        std::string text, path1, path2;
    };
    return {typeid(E).name(),
            [](byte_buffer& out, const std::exception& e) {
                const auto& error = dynamic_cast<const E&>(e);
                // what() is "filesystem error: TEXT: MESSAGE [PATH1] [PATH2]"; only TEXT can be given again.
                std::string text = error.what();
                constexpr std::string_view head = "filesystem error: ";
                if (text.starts_with(head))
                    text.erase(0, head.size());
                if (const auto found = text.find(": " + error.code().message()); found != std::string::npos)
                    text.resize(found);
                encode(out, parts{error.code(), text, error.path1().string(), error.path2().string()});
            },
            [](in_bytes in, bool is_nesting) {
                const auto p = decode<parts>(in);
                if (!p.path2.empty())
                    return make_exception(E(p.text, p.path1, p.path2, p.code), is_nesting);
                if (!p.path1.empty())
                    return make_exception(E(p.text, p.path1, p.code), is_nesting);
                return make_exception(E(p.text, p.code), is_nesting);
            }};
}

exception_type task_error_type()
{
    struct parts
    {
        coded<boost::system::error_code> error;
        attempt_report last;
        std::string task, label;
        unsigned attempts;
        std::vector<attempt_report> earlier;
    };
    return {typeid(task_error).name(),
            [](byte_buffer& out, const std::exception& e) {
                const auto& error = dynamic_cast<const task_error&>(e);
                const task_report& r = error.report();
                encode(out, parts{coded_from(error), r, r.task, r.label, r.attempts, r.earlier});
            },
            [](in_bytes in, bool is_nesting) {
                auto p = decode<parts>(in);
                task_report report;
                static_cast<attempt_report&>(report) = std::move(p.last);
                report.task = std::move(p.task);
                report.label = std::move(p.label);
                report.attempts = p.attempts;
                report.earlier = std::move(p.earlier);
                return make_exception(task_error(p.error.code, p.error.what, std::move(report)), is_nesting);
            }};
}

// Thrown in a worker by a pool of its own.
exception_type remote_exception_type()
{
    struct parts
    {
        std::string type_name, what;
    };
    return {typeid(remote_exception).name(),
            [](byte_buffer& out, const std::exception& e) {
                const auto& error = dynamic_cast<const remote_exception&>(e);
                encode(out, parts{error.type_name(), error.what()});
            },
            [](in_bytes in, bool is_nesting) {
                const auto p = decode<parts>(in);
                return make_exception(remote_exception(p.type_name, p.what), is_nesting);
            }};
}

exception_type future_error_type()
{
    return {typeid(std::future_error).name(),
            [](byte_buffer& out, const std::exception& e) {
                encode(out, dynamic_cast<const std::future_error&>(e).code().value());
            },
            [](in_bytes in, bool is_nesting) {
                return make_exception(std::future_error(static_cast<std::future_errc>(decode<int>(in))), is_nesting);
            }};
}

std::regex_error regex_error_of(std::regex_constants::error_type code, const std::string& what)
{
#ifdef __GLIBCXX__ // others make the text of the code
    try {
        std::__throw_regex_error(code, what.c_str());
    } catch (const std::regex_error& e) {
        return e;
    }
#else
    return std::regex_error(code);
#endif
}

exception_type regex_error_type()
{
    struct parts
    {
        int code;
        std::string what;
    };
    return {typeid(std::regex_error).name(),
            [](byte_buffer& out, const std::exception& e) {
                encode(out, parts{static_cast<int>(dynamic_cast<const std::regex_error&>(e).code()), e.what()});
            },
            [](in_bytes in, bool is_nesting) {
                namespace re = std::regex_constants;
                const auto [code, what] = decode<parts>(in);
                // An enumeration without a fixed type must not be given any other value.
                for (const re::error_type known :
                     {re::error_collate, re::error_ctype, re::error_escape, re::error_backref, re::error_brack,
                      re::error_paren, re::error_brace, re::error_badbrace, re::error_range, re::error_space,
                      re::error_badrepeat, re::error_complexity, re::error_stack})
                    if (code == static_cast<int>(known))
                        return make_exception(regex_error_of(known, what), is_nesting);
                throw std::range_error("no regex_error has the code " + std::to_string(code));
            }};
}

// Its text cannot be given: only what std::get throws has the one that it has.
exception_type bad_variant_access_type()
{
    using E = std::bad_variant_access;
    return {typeid(E).name(), [](byte_buffer& out, const std::exception& e) { encode(out, std::string(e.what())); },
            [](in_bytes in, bool is_nesting) {
                const auto what = decode<std::string>(in);
                try {
                    static_cast<void>(std::get<int>(std::variant<char, int>()));
                } catch (const E& wrong_type) {
                    if (what == wrong_type.what())
                        return make_exception(wrong_type, is_nesting);
                }
                return make_exception(E(), is_nesting);
            }};
}

class exception_types
{
public:
    exception_types()
    {
        for (const exception_type& type :
             {rebuilt_from_what<std::logic_error>(), rebuilt_from_what<std::invalid_argument>(),
              rebuilt_from_what<std::domain_error>(), rebuilt_from_what<std::length_error>(),
              rebuilt_from_what<std::out_of_range>(), rebuilt_from_what<std::runtime_error>(),
              rebuilt_from_what<std::range_error>(), rebuilt_from_what<std::overflow_error>(),
              rebuilt_from_what<std::underflow_error>(), rebuilt_from_nothing<std::exception>(),
              rebuilt_from_nothing<std::bad_alloc>(), rebuilt_from_nothing<std::bad_array_new_length>(),
              rebuilt_from_nothing<std::bad_cast>(), rebuilt_from_nothing<std::bad_typeid>(),
              rebuilt_from_nothing<std::bad_exception>(), rebuilt_from_nothing<std::bad_function_call>(),
              rebuilt_from_nothing<std::bad_weak_ptr>(), rebuilt_from_nothing<std::bad_any_cast>(),
              rebuilt_from_nothing<std::bad_optional_access>(), bad_variant_access_type(),
              rebuilt_from_code<std::system_error>(), rebuilt_from_code<std::ios_base::failure>(),
              filesystem_error_type(), future_error_type(), regex_error_type(),
              rebuilt_from_code<boost::system::system_error>(), task_error_type(), remote_exception_type()})
            add(type);
#ifdef __cpp_lib_format
        add(rebuilt_from_what<std::format_error>());
#endif
    }

    void add(const exception_type& type)
    {
        const std::lock_guard lock(mutex_);
        types_.emplace(type.name, type);
    }

    std::optional<exception_type> find(std::string_view name) const
    {
        const std::lock_guard lock(mutex_);
        const auto it = types_.find(name);
        return it == types_.end() ? std::nullopt : std::optional(it->second);
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, exception_type, std::less<>> types_;
};

exception_types& known_types()
{
    static exception_types types;
    return types;
}

struct encoded_exception
{
    std::string type; // typeid's name
    // The same for a reader. The sender demangles: a short mangled name can stand for any amount of text.
    std::string readable_type;
    std::string what;
    std::optional<byte_buffer> content; // what rebuilds it, where the sender knows the type
};

// Others of the task's are left out; a message that has more is malformed.
constexpr std::size_t most_nested = 16;

// In a handler: ": 42", where a T was thrown.
template <class T>
std::optional<std::string> value_thrown()
{
    try {
        throw;
    } catch (std::conditional_t<std::is_scalar_v<T>, const T, const T&> value) { // Clang 14 binds no reference to a pointer
        if constexpr (std::is_same_v<T, bool>)
            return value ? ": true" : ": false";
        else if constexpr (std::is_same_v<T, char>)
            return ": '" + std::string(1, value) + '\'';
        else if constexpr (std::is_arithmetic_v<T>)
            return ": " + std::to_string(value);
        else if constexpr (std::is_pointer_v<T>)
            return value ? ": " + std::string(value) : ": null";
        else if constexpr (std::is_same_v<T, std::error_code> || std::is_same_v<T, boost::system::error_code>)
            return ": " + value.message();
        else
            return ": " + std::string(value);
    } catch (...) {
        return std::nullopt;
    }
}

template <class... T>
std::string any_value_thrown()
{
    std::optional<std::string> text;
    static_cast<void>(((text = value_thrown<T>()) || ...));
    return text.value_or("");
}

// In a handler, of what is no std::exception.
encoded_exception describe_other()
{
    const std::type_info* const actual = abi::__cxa_current_exception_type();
    const char* const name = actual ? thrown_type(*actual).name() : "?";
    std::string readable = readable_name(name);
    std::string what = "an exception of type " + readable +
                       any_value_thrown<int, unsigned, long, unsigned long, long long, unsigned long long, short,
                                        unsigned short, bool, char, float, double, long double, const char*, std::string,
                                        std::string_view, std::error_code, boost::system::error_code>();
    return {name, std::move(readable), std::move(what), {}};
}

encoded_exception describe(const std::exception& error)
{
    const char* const name = thrown_type(typeid(error)).name();
    encoded_exception message{name, readable_name(name), error.what(), {}};
    if (const auto type = known_types().find(message.type)) {
        try {
            type->encode(message.content.emplace(), error);
        } catch (...) { // its name and its text have to do
            message.content.reset();
        }
    }
    return message;
}

// And what is nested in it.
std::pair<encoded_exception, std::exception_ptr> describe(const std::exception_ptr& e)
{
    try {
        std::rethrow_exception(e);
    } catch (const std::exception& error) {
        const auto* const nesting = dynamic_cast<const std::nested_exception*>(&error);
        return {describe(error), nesting ? nesting->nested_ptr() : nullptr};
    } catch (const std::nested_exception& nesting) {
        return {describe_other(), nesting.nested_ptr()};
    } catch (...) {
        return {describe_other(), nullptr};
    }
}

std::exception_ptr rebuild(const encoded_exception& message, bool is_nesting)
{
    if (const auto type = message.content ? known_types().find(message.type) : std::nullopt) {
        try {
            return type->decode(*message.content, is_nesting);
        } catch (...) { // its name and its text have to do
        }
    }
    return make_exception(remote_exception(message.readable_type, message.what), is_nesting);
}

std::exception_ptr rebuild_around(const std::exception_ptr& nested, const encoded_exception& message)
{
    if (!nested)
        return rebuild(message, false);
    try {
        std::rethrow_exception(nested);
    } catch (...) {
        return rebuild(message, true);
    }
}

} // namespace

void register_exception_type(const exception_type& type)
{
    known_types().add(type);
}

void encode_exception(byte_buffer& out, const std::exception_ptr& e)
{
    std::vector<encoded_exception> messages; // each has the next nested in it
    for (std::exception_ptr next = e; next && messages.size() != most_nested;) {
        auto [message, nested] = describe(next);
        messages.push_back(std::move(message));
        next = std::move(nested);
    }
    encode(out, messages);
}

std::exception_ptr decode_exception(std::span<const std::byte> in)
{
    try {
        const auto messages = decode<std::vector<encoded_exception>>(in);
        if (messages.empty() || messages.size() > most_nested)
            throw std::length_error(std::to_string(messages.size()) + " exceptions are nested");
        std::exception_ptr nested;
        for (auto message = messages.rbegin(); message != messages.rend(); ++message)
            nested = rebuild_around(nested, *message);
        return nested;
    } catch (const std::exception& e) {
        return std::make_exception_ptr(
            task_error(errc::decode_failed, std::string("the task's exception cannot be decoded: ") + e.what()));
    }
}

} // namespace tandem::detail
