// How values cross the border between processes.
#ifndef TANDEM_CODEC_HPP
#define TANDEM_CODEC_HPP

#include <tandem/detail/containers.hpp>
#include <tandem/detail/exception_codec.hpp>
#include <tandem/detail/pointers.hpp>
#include <tandem/detail/travel_check.hpp>
#include <tandem/travels_as_bytes.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace tandem {

/// Bytes of a message.
using detail::byte_buffer;

/// Whether values of T can be sent to another process. True for arithmetic types and enumerations, the standard
/// library's containers, strings, smart pointers to one object, optional, variant, tuple, pair, chrono types; for error
/// codes and conditions, of std and of Boost; for aggregates of such types without base classes and with at most 64
/// members; for classes with cereal's `serialize`, or `save` and `load`, as members or free functions; and for classes
/// that travels_as_bytes<T> names.
/// False for pointers, references, views, functions, and what holds one: in an aggregate, or in a template of the
/// standard library.
template <class T>
concept transferable =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || // cereal's traits say the same, and take longest to compile
    (detail::has_no_obstacle<T> && cereal::traits::is_output_serializable<T, detail::output_archive>::value &&
     cereal::traits::is_input_serializable<T, detail::input_archive>::value);

namespace detail {

// bound_task has said in a sentence what cannot be sent; there is no second error here.
template <class T>
void encode_value([[maybe_unused]] byte_buffer& out, [[maybe_unused]] const T& value,
                  [[maybe_unused]] large_writer* large)
{
    if constexpr (flat<T>) {
        append_flat(out, value);
    } else if constexpr (transferable<T>) {
        output_archive archive{out, large};
        archive(value);
    }
}

template <class T>
T decode_value(std::span<const std::byte> in, large_reader* large)
{
    T value{};
    if constexpr (flat<T>) {
        take_flat(in, value);
    } else if constexpr (transferable<T>) {
        input_archive archive{in, large};
        archive(value);
        expect_end(archive.remaining());
    }
    return value;
}

} // namespace detail

/// Appends the encoding of `value` to `out`. Both sides must run on machines of one architecture.
/// Throws what the type's own serialization throws, and std::bad_alloc; `out` is then in a valid but unspecified state.
template <transferable T>
void encode(byte_buffer& out, const T& value)
{
    detail::encode_value(out, value, nullptr);
}

/// The value that `in` encodes, all of it. `in` is not trusted: every length is checked against what is left, and
/// values are nested 1,000 levels deep at most.
/// Throws std::exception where `in` does not encode a T, and what the type's own serialization throws.
template <transferable T>
    requires std::default_initializable<T>
T decode(std::span<const std::byte> in)
{
    return detail::decode_value<T>(in, nullptr);
}

/// Lets exceptions of exactly type E that leave a task come back as themselves. E must have its own serialization and a
/// default constructor, or be constructible from its what() as a std::string. To be called on both sides, before
/// run_if_worker() and before the first pool is made; registering a type again changes nothing. Where one side has not
/// registered it, or its serialization throws, it comes back as remote_exception. Thread-safe.
template <std::derived_from<std::exception> E>
    requires(detail::has_own_serialization<E> && std::default_initializable<E>) || std::constructible_from<E, const std::string&>
void register_exception()
{
    detail::exception_type type{.name = typeid(E).name(), .encode = nullptr, .decode = nullptr};
    if constexpr (detail::has_own_serialization<E> && std::default_initializable<E>) {
        type.encode = [](byte_buffer& out, const std::exception& e) { encode(out, dynamic_cast<const E&>(e)); };
        type.decode = [](std::span<const std::byte> in, bool is_nesting) {
            return detail::make_exception(decode<E>(in), is_nesting);
        };
    } else {
        type.encode = [](byte_buffer& out, const std::exception& e) { encode(out, std::string(e.what())); };
        type.decode = [](std::span<const std::byte> in, bool is_nesting) {
            return detail::make_exception(E(decode<std::string>(in)), is_nesting);
        };
    }
    detail::register_exception_type(type);
}

/// Lets error codes and conditions of `category` that come from another process have that very category. They are found
/// by its name. The categories of the standard library, of Boost.System, Boost.Asio and tandem are known from the
/// start. A code of an unknown category keeps its value, its category's name and its message, and is equal to no code
/// of this process's own. `category` must live as long as the program. To be called before the first pool is made, and
/// before run_if_worker() if workers receive such codes. Thread-safe.
void register_error_category(const std::error_category& category);
void register_error_category(const boost::system::error_category& category);

} // namespace tandem

#endif
