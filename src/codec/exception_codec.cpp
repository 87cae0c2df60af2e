#include <tandem/codec.hpp>
#include <tandem/error.hpp>

#include <boost/core/demangle.hpp>

#include <cxxabi.h>

#include <any>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <regex>
#include <string_view>
#include <system_error>
#include <typeinfo>
#include <variant>

namespace tandem::detail {
namespace {

using in_bytes = std::span<const std::byte>;

template <class E>
exception_type rebuilt_from_what()
{
    return {typeid(E).name(),
            [](byte_buffer& out, const std::exception& e) { encode(out, std::string(e.what())); },
            [](in_bytes in) { return std::make_exception_ptr(E(decode<std::string>(in))); }};
}

template <class E>
exception_type rebuilt_from_nothing()
{
    return {typeid(E).name(), [](byte_buffer&, const std::exception&) {},
            [](in_bytes) { return std::make_exception_ptr(E()); }};
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

struct coded
{
    std::string category;
    int value = 0;
    std::string message;
    std::string what;
};

template <class E>
coded coded_from(const std::exception& e)
{
    const auto& error = dynamic_cast<const E&>(e);
    std::string message = error.code().message();
    std::string suffix = message;
    if constexpr (requires { error.code().what(); }) // Boost's names the category and the value too
        suffix = error.code().what();
    std::string what = without_message(error.what(), suffix);
    return {error.code().category().name(), error.code().value(), std::move(message), std::move(what)};
}

std::exception_ptr unknown_category(const char* type, const coded& c)
{
    return std::make_exception_ptr(remote_exception(type, c.what.empty() ? c.message : c.what + ": " + c.message));
}

template <class E>
exception_type rebuilt_from_std_code()
{
    return {typeid(E).name(),
            [](byte_buffer& out, const std::exception& e) { encode(out, coded_from<E>(e)); },
            [](in_bytes in) {
                const auto c = decode<coded>(in);
                const auto* category = find_std_category(c.category);
                if (!category)
                    return unknown_category(typeid(E).name(), c);
                const std::error_code code(c.value, *category);
                if constexpr (std::is_same_v<E, std::system_error>)
                    return c.what.empty() ? std::make_exception_ptr(E(code)) : std::make_exception_ptr(E(code, c.what));
                else
                    return std::make_exception_ptr(E(c.what, code));
            }};
}

exception_type filesystem_error_type()
{
    using E = std::filesystem::filesystem_error;
    struct parts
    {
        coded error;
        std::string path1, path2;
    };
    return {typeid(E).name(),
            [](byte_buffer& out, const std::exception& e) {
                const auto& error = dynamic_cast<const E&>(e);
                // what() is "filesystem error: TEXT: MESSAGE [PATH1] [PATH2]"; only TEXT can be given again.
                const std::string message = error.code().message();
                std::string text = error.what();
                constexpr std::string_view head = "filesystem error: ";
                if (text.starts_with(head))
                    text.erase(0, head.size());
                if (const auto at = text.find(": " + message); at != std::string::npos)
                    text.resize(at);
                encode(out, parts{{error.code().category().name(), error.code().value(), message, text},
                                  error.path1().string(), error.path2().string()});
            },
            [](in_bytes in) {
                const auto p = decode<parts>(in);
                const auto* category = find_std_category(p.error.category);
                if (!category)
                    return unknown_category("std::filesystem::filesystem_error", p.error);
                const std::error_code code(p.error.value, *category);
                if (!p.path2.empty())
                    return std::make_exception_ptr(E(p.error.what, p.path1, p.path2, code));
                if (!p.path1.empty())
                    return std::make_exception_ptr(E(p.error.what, p.path1, code));
                return std::make_exception_ptr(E(p.error.what, code));
            }};
}

std::exception_ptr boost_error(const coded& c)
{
    const auto* category = find_boost_category(c.category);
    if (!category)
        return unknown_category("boost::system::system_error", c);
    const boost::system::error_code code(c.value, *category);
    if (category == &tandem_category())
        return std::make_exception_ptr(task_error(code, c.what));
    return c.what.empty() ? std::make_exception_ptr(boost::system::system_error(code))
                          : std::make_exception_ptr(boost::system::system_error(code, c.what));
}

template <class E>
exception_type rebuilt_from_boost_code()
{
    return {typeid(E).name(),
            [](byte_buffer& out, const std::exception& e) { encode(out, coded_from<E>(e)); },
            [](in_bytes in) { return boost_error(decode<coded>(in)); }};
}

exception_type future_error_type()
{
    return {typeid(std::future_error).name(),
            [](byte_buffer& out, const std::exception& e) {
                encode(out, dynamic_cast<const std::future_error&>(e).code().value());
            },
            [](in_bytes in) {
                return std::make_exception_ptr(std::future_error(static_cast<std::future_errc>(decode<int>(in))));
            }};
}

exception_type regex_error_type()
{
    return {typeid(std::regex_error).name(),
            [](byte_buffer& out, const std::exception& e) {
                encode(out, static_cast<int>(dynamic_cast<const std::regex_error&>(e).code()));
            },
            [](in_bytes in) {
                namespace re = std::regex_constants;
                const auto code = decode<int>(in);
                // An enumeration without a fixed type must not be given any other value.
                for (const re::error_type known :
                     {re::error_collate, re::error_ctype, re::error_escape, re::error_backref, re::error_brack,
                      re::error_paren, re::error_brace, re::error_badbrace, re::error_range, re::error_space,
                      re::error_badrepeat, re::error_complexity, re::error_stack})
                    if (code == static_cast<int>(known))
                        return std::make_exception_ptr(std::regex_error(known));
                throw std::range_error("no regex_error has the code " + std::to_string(code));
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
              rebuilt_from_nothing<std::bad_optional_access>(), rebuilt_from_nothing<std::bad_variant_access>(),
              rebuilt_from_std_code<std::system_error>(), rebuilt_from_std_code<std::ios_base::failure>(),
              filesystem_error_type(), future_error_type(), regex_error_type(),
              rebuilt_from_boost_code<boost::system::system_error>(), rebuilt_from_boost_code<task_error>()})
            add(type);
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
    byte_buffer content;
};

encoded_exception to_message(const std::exception_ptr& e)
{
    try {
        std::rethrow_exception(e);
    } catch (const std::exception& error) {
        // Asio throws boost::system::system_error wrapped for boost::throw_exception; what was thrown is its base.
        const bool wrapped = dynamic_cast<const boost::system::system_error*>(&error) && !known_types().find(typeid(error).name());
        const char* const name = wrapped ? typeid(boost::system::system_error).name() : typeid(error).name();
        encoded_exception message{name, boost::core::demangle(name), error.what(), {}};
        if (const auto type = known_types().find(message.type))
            type->encode(message.content, error);
        return message;
    } catch (...) {
        const std::type_info* type = abi::__cxa_current_exception_type();
        const char* const name = type ? type->name() : "?";
        return {name, boost::core::demangle(name), "an exception that is not a std::exception", {}};
    }
}

} // namespace

void register_exception_type(const exception_type& type)
{
    known_types().add(type);
}

void encode_exception(byte_buffer& out, const std::exception_ptr& e)
{
    encode(out, to_message(e));
}

std::exception_ptr decode_exception(std::span<const std::byte> in)
{
    try {
        const auto message = decode<encoded_exception>(in);
        const auto type = known_types().find(message.type);
        if (!type)
            return std::make_exception_ptr(remote_exception(message.readable_type, message.what));
        return type->decode(message.content);
    } catch (const std::exception& e) {
        return std::make_exception_ptr(
            task_error(errc::decode_failed, std::string("the task's exception cannot be decoded: ") + e.what()));
    }
}

} // namespace tandem::detail
