// cereal archives that write to and read from a message's bytes, without iostreams, and check every length.
#ifndef TANDEM_DETAIL_ARCHIVE_HPP
#define TANDEM_DETAIL_ARCHIVE_HPP

#include <tandem/detail/copy_bytes.hpp>
#include <tandem/detail/large_values.hpp>
#include <tandem/detail/same_build.hpp>

#include <cereal/cereal.hpp>
#include <cereal/types/memory.hpp>
#if __has_include(<cereal/version.hpp>)
#include <cereal/version.hpp>
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#ifdef CEREAL_VERSION_MAJOR
// As in same_build.hpp, of cereal; src/same_cereal.cpp defines it.
#define TANDEM_CEREAL_PASTED(major, minor, patch) TANDEM_CEREAL(with_CEREAL_VERSION_##major##_##minor##_##patch)
#define TANDEM_CEREAL_NUMBERS(major, minor, patch) TANDEM_CEREAL_PASTED(major, minor, patch)
#ifndef TANDEM_CEREAL
#define TANDEM_CEREAL(name) \
    extern const char name; \
    [[gnu::used, gnu::retain]] inline const char* const needs_##name = &name;
#endif
namespace tandem::needs_a_library_built {
TANDEM_CEREAL_NUMBERS(CEREAL_VERSION_MAJOR, CEREAL_VERSION_MINOR, CEREAL_VERSION_PATCH)
} // namespace tandem::needs_a_library_built
#undef TANDEM_CEREAL
#undef TANDEM_CEREAL_NUMBERS
#undef TANDEM_CEREAL_PASTED
#endif

namespace tandem::detail {

using byte_buffer = std::vector<std::byte>;

/// In a handler of catch (...): what is being handled says; users' save and load may throw anything.
inline std::string what_was_thrown()
{
    try {
        throw;
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

/// Of a message that was decoded.
inline void expect_end(std::size_t remaining)
{
    if (remaining != 0)
        throw std::length_error("the message goes on after its end");
}

inline void check_bool(std::uint8_t byte)
{
    if (byte > 1)
        throw std::range_error("a bool is neither 0 nor 1");
}

/// Payloads lie at multiples of this, so what is aligned to it in a message is aligned where it lies.
inline constexpr std::size_t message_alignment = 16;

class output_archive : public cereal::OutputArchive<output_archive>
{
public:
    /// Appends to `out`, which is whole when this is destroyed. Offsets count from where `out` ends now. Large runs go to
    /// `large`, if there is one.
    explicit output_archive(byte_buffer& out, large_writer* large = nullptr)
        : OutputArchive(this), out_(out), start_(out.size()), end_(start_), large_(large)
    {
    }
    output_archive(const output_archive&) = delete;
    output_archive& operator=(const output_archive&) = delete;
    ~output_archive() { out_.resize(end_); }

    void write(const void* data, std::size_t size)
    {
        constexpr std::size_t small = 64;
        if (size >= large_run)
            write_large(data, size);
        else if (size > small)
            append(data, size);
        else if (size != 0)
            std::memcpy(claim(size), data, size);
    }

    /// Where the next `size` bytes go, to be written before anything else is. For a few kilobytes at the most.
    std::byte* claim(std::size_t size)
    {
        if (size > out_.size() - end_)
            make_room(size);
        std::byte* const room = out_.data() + end_;
        end_ += size;
        return room;
    }

    void align(std::size_t alignment)
    {
        const std::size_t padding = (alignment - size() % alignment) % alignment;
        if (padding != 0)
            std::memset(claim(padding), 0, padding);
    }

    std::size_t size() const noexcept { return end_ - start_; }

private:
    // More than is asked for: to resize a vector costs more than to write a number.
    void make_room(std::size_t size)
    {
        constexpr std::size_t ahead = 512;
        const std::size_t needed = end_ + size;
        reserve_ahead(out_, needed);
        out_.resize(std::min(out_.capacity(), needed + ahead));
    }

    void append(const void* data, std::size_t size)
    {
        out_.resize(end_);
        append_bytes(out_, data, size);
        end_ = out_.size();
    }

    // Zero, and the bytes follow, aligned; or one more than their position elsewhere.
    void write_large(const void* data, std::size_t size)
    {
        const auto place = large_ ? large_->make_room(size) : std::nullopt;
        const std::uint64_t reference = place ? place->position + 1 : 0;
        append(&reference, sizeof reference);
        if (place) {
            copy_bytes(place->memory, data, size);
        } else {
            align(message_alignment);
            append(data, size);
        }
    }

    byte_buffer& out_;
    std::size_t start_;
    std::size_t end_; // what is beyond is room
    large_writer* large_;
};

class input_archive : public cereal::InputArchive<input_archive>
{
public:
    /// `large` finds the large runs that are not in the message.
    explicit input_archive(std::span<const std::byte> in, large_reader* large = nullptr)
        : InputArchive(this), in_(in), large_(large)
    {
    }

    void read(void* data, std::size_t size)
    {
        const std::byte* bytes = take(size);
        copy_bytes(data, bytes, size);
    }

    /// The next `size` bytes where they lie; valid as long as what the archive was made of.
    const std::byte* take(std::size_t size) { return size >= large_run ? take_large(size) : consume(size); }

    /// The same for `count` elements of `size` bytes.
    const std::byte* take(std::uint64_t count, std::size_t size)
    {
        if (count > std::numeric_limits<std::ptrdiff_t>::max() / size)
            throw std::length_error("the message claims more elements than memory can hold");
        return take(static_cast<std::size_t>(count) * size);
    }

    void align(std::size_t alignment) { consume((alignment - position_ % alignment) % alignment); }

    std::size_t remaining() const noexcept { return in_.size() - position_; }

    /// An object that a shared_ptr points to, by its number in the message, before it is read; complete() when it is.
    void remember(std::uint32_t id, const std::type_info& type, std::shared_ptr<void> object)
    {
        if (!shared_.empty() && id <= shared_.back().id)
            throw std::range_error("shared objects are not numbered one after the other");
        shared_.push_back({id, &type, std::move(object)});
    }

    void complete(std::uint32_t id) { find_shared(id)->is_complete = true; }

    std::shared_ptr<void> recall(std::uint32_t id, const std::type_info& type, bool may_be_incomplete)
    {
        const shared_object* const found = find_shared(id);
        if (!found || *found->type != type)
            throw std::range_error("a shared_ptr refers to no object of its type");
        if (!may_be_incomplete && !found->is_complete)
            throw std::range_error("a shared_ptr refers to an object that contains it");
        return found->object;
    }

    void enter()
    {
        // A recursive type must not be able to overflow the stack: 1,000 levels need far below 1 MiB of it.
        if (++depth_ > 1000)
            throw std::length_error("the value is nested too deeply");
    }
    void leave() noexcept { --depth_; }

private:
    const std::byte* consume(std::size_t size)
    {
        if (size > remaining())
            throw std::length_error("the message ends too early");
        const std::byte* bytes = in_.data() + position_;
        position_ += size;
        return bytes;
    }

    const std::byte* take_large(std::size_t size)
    {
        std::uint64_t reference = 0;
        read(&reference, sizeof reference);
        if (reference == 0) {
            align(message_alignment);
            return consume(size);
        }
        if (!large_)
            throw std::range_error("the message refers to shared memory, and there is none");
        return large_->find(reference - 1, size);
    }

    std::span<const std::byte> in_;
    large_reader* large_;
    std::size_t position_ = 0;
    int depth_ = 0;
    struct shared_object
    {
        std::uint32_t id;
        const std::type_info* type;
        std::shared_ptr<void> object;
        bool is_complete = false;
    };

    shared_object* find_shared(std::uint32_t id)
    {
        const auto it = std::ranges::lower_bound(shared_, id, {}, &shared_object::id);
        return it != shared_.end() && it->id == id ? &*it : nullptr;
    }

    std::vector<shared_object> shared_; // by their numbers
};

// What cereal wraps values in on their way: no level of nesting.
template <class T>
inline constexpr bool is_wrapper = false;
template <class T>
inline constexpr bool is_wrapper<cereal::NameValuePair<T>> = true;
template <class T>
inline constexpr bool is_wrapper<cereal::SizeTag<T>> = true;
template <class T>
inline constexpr bool is_wrapper<cereal::BinaryData<T>> = true;
template <class K, class T>
inline constexpr bool is_wrapper<cereal::MapItem<K, T>> = true;
template <class T>
inline constexpr bool is_wrapper<cereal::memory_detail::PtrWrapper<T>> = true;

template <class T>
    requires(std::is_class_v<T> && !is_wrapper<T>)
void prologue(input_archive& ar, const T&)
{
    ar.enter();
}

template <class T>
    requires(std::is_class_v<T> && !is_wrapper<T>)
void epilogue(input_archive& ar, const T&)
{
    ar.leave();
}

template <class T>
    requires std::is_arithmetic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const T& value)
{
    ar.write(std::addressof(value), sizeof value);
}

template <class T>
    requires std::is_arithmetic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, T& value)
{
    if constexpr (std::is_same_v<T, bool>) {
        std::uint8_t byte = 0;
        ar.read(&byte, 1);
        check_bool(byte);
        value = byte == 1;
    } else {
        ar.read(std::addressof(value), sizeof value);
    }
}

template <class Archive, class T>
CEREAL_ARCHIVE_RESTRICT(input_archive, output_archive)
CEREAL_SERIALIZE_FUNCTION_NAME(Archive& ar, cereal::NameValuePair<T>& pair)
{
    ar(pair.value);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const cereal::SizeTag<T>& tag)
{
    ar(static_cast<std::uint64_t>(tag.size));
}

template <class T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, cereal::SizeTag<T>& tag)
{
    std::uint64_t size = 0;
    ar(size);
    // Every element takes a byte at least, so a garbled count cannot make the reader allocate beyond the message.
    if (size > ar.remaining())
        throw std::length_error("a container claims more elements than the message has bytes");
    tag.size = static_cast<std::remove_reference_t<decltype(tag.size)>>(size);
}

template <class T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const cereal::BinaryData<T>& data)
{
    ar.write(data.data, static_cast<std::size_t>(data.size));
}

template <class T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, cereal::BinaryData<T>& data)
{
    const auto size = static_cast<std::size_t>(data.size);
    ar.read(data.data, size);
    using element = std::remove_all_extents_t<std::remove_pointer_t<std::remove_reference_t<T>>>;
    if constexpr (std::is_same_v<element, bool>) {
        for (std::size_t i = 0; i != size; ++i)
            check_bool(static_cast<const std::uint8_t*>(data.data)[i]);
    }
}

} // namespace tandem::detail

CEREAL_REGISTER_ARCHIVE(tandem::detail::output_archive)
CEREAL_REGISTER_ARCHIVE(tandem::detail::input_archive)
CEREAL_SETUP_ARCHIVE_TRAITS(tandem::detail::input_archive, tandem::detail::output_archive)

#endif
