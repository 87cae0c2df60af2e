// Objects that several pointers of a message share.
#ifndef TANDEM_DETAIL_POINTERS_HPP
#define TANDEM_DETAIL_POINTERS_HPP

#include <tandem/detail/plain_types.hpp>

namespace tandem::detail {

/// The object behind a shared_ptr or weak_ptr: here for the first time, or by its number.
template <class T>
std::shared_ptr<T> load_shared(input_archive& ar, bool may_be_incomplete)
{
    using object = std::remove_const_t<T>;
    static_assert(std::is_default_constructible_v<object>,
                  "tandem: what a shared_ptr in a message points to needs a default constructor.");
    std::uint32_t id = 0;
    ar(id);
    if (id == 0)
        return nullptr;
    if ((id & cereal::detail::msb_32bit) == 0)
        return std::static_pointer_cast<object>(ar.recall(id, typeid(object), may_be_incomplete));
    id &= ~cereal::detail::msb_32bit;
    auto made = std::make_shared<object>();
    ar.remember(id, typeid(object), made);
    ar(*made);
    ar.complete(id);
    return made;
}

// cereal's own takes an object that came before by its number alone, whatever its type. And an object that owns itself,
// or is owned by what it owns, would never be freed: a shared_ptr must not refer to one that is still being read.
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, cereal::memory_detail::PtrWrapper<std::shared_ptr<T>&>& wrapper)
{
    wrapper.ptr = load_shared<T>(ar, false);
}

template <class T>
    requires(!std::is_polymorphic_v<T>)
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::weak_ptr<T>& pointer)
{
    pointer = load_shared<T>(ar, true);
}

} // namespace tandem::detail

#endif
