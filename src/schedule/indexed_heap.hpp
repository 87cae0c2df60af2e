// Elements by a key, the least first. Each knows its place, so whichever key changes, its element moves in logarithmic time.
#ifndef TANDEM_SCHEDULE_INDEXED_HEAP_HPP
#define TANDEM_SCHEDULE_INDEXED_HEAP_HPP

#include <cstddef>
#include <utility>
#include <vector>

namespace tandem::schedule {

/// An element's place in a heap.
class heap_place
{
    template <class T, class Order, heap_place T::*Place>
    friend class indexed_heap;
    std::size_t number = 0; // from 1; 0 is none
};

/// `Order()(a, b)`: whether `a` comes before `b`. `Place`: the member where an element keeps its place. An element stays at its
/// address while it is in.
template <class T, class Order, heap_place T::*Place>
class indexed_heap
{
public:
    /// Room for so many, so that put() does not allocate.
    void reserve(std::size_t size) { elements_.reserve(size); }

    bool contains(const T& element) const noexcept { return (element.*Place).number != 0; }
    T* first() const noexcept { return elements_.empty() ? nullptr : elements_.front(); }

    /// Puts it in, or where it belongs now.
    void put(T& element)
    {
        if (!contains(element)) {
            elements_.push_back(&element);
            set(elements_.size() - 1, element);
        }
        settle(element);
    }

    void remove(T& element) noexcept
    {
        if (!contains(element))
            return;
        const std::size_t hole = place(element);
        T& last = *elements_.back();
        elements_.pop_back();
        (element.*Place).number = 0;
        if (&last == &element)
            return;
        set(hole, last);
        settle(last);
    }

    void clear() noexcept
    {
        for (T* element : elements_)
            (element->*Place).number = 0;
        elements_.clear();
    }

    /// Calls `function(element)` for those for which `is_wanted` holds, where it holds for all that come before one for which it
    /// holds. In no order.
    template <class Predicate, class Function>
    void for_each_while(Predicate is_wanted, Function function) const
    {
        for_each_below(0, is_wanted, function);
    }

private:
    std::size_t place(const T& element) const noexcept { return (element.*Place).number - 1; }

    void set(std::size_t where, T& element) noexcept
    {
        elements_[where] = &element;
        (element.*Place).number = where + 1;
    }

    void settle(T& element) noexcept
    {
        const Order before{};
        std::size_t where = place(element);
        for (; where != 0 && before(element, *elements_[(where - 1) / 2]); where = (where - 1) / 2)
            set(where, *elements_[(where - 1) / 2]);
        for (std::size_t child = 2 * where + 1; child < elements_.size(); child = 2 * where + 1) {
            if (child + 1 < elements_.size() && before(*elements_[child + 1], *elements_[child]))
                ++child;
            if (!before(*elements_[child], element))
                break;
            set(where, *elements_[child]);
            where = child;
        }
        set(where, element);
    }

    template <class Predicate, class Function>
    void for_each_below(std::size_t top, Predicate& is_wanted, Function& function) const
    {
        if (top >= elements_.size() || !is_wanted(*elements_[top]))
            return;
        function(*elements_[top]);
        for_each_below(2 * top + 1, is_wanted, function);
        for_each_below(2 * top + 2, is_wanted, function);
    }

    std::vector<T*> elements_;
};

} // namespace tandem::schedule

#endif
