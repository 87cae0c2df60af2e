// Elements in an order. Intrusive: nothing is allocated, none can fail, and all are forgotten at once.
#ifndef TANDEM_SCHEDULE_ORDERED_TREE_HPP
#define TANDEM_SCHEDULE_ORDERED_TREE_HPP

#include <tandem/detail/scheduled_task.hpp>

#include <boost/intrusive/parent_from_member.hpp>
#include <boost/intrusive/rbtree_algorithms.hpp>

#include <cstdint>

namespace tandem::schedule {

/// `Order()(a, b)`: whether `a` comes before `b`. `Place`: the member where an element keeps its place. An element stays at its
/// address, and in its order, while it is in. To add one behind all others, or to take out any, takes constant time in the mean.
template <class T, class Order, detail::tree_links T::*Place>
class ordered_tree
{
public:
    ordered_tree() noexcept { clear(); }
    ordered_tree(const ordered_tree&) = delete;
    ordered_tree& operator=(const ordered_tree&) = delete;

    T* first() const noexcept { return element_of(algorithms::begin_node(&head_)); }
    T* next(const T& element) const noexcept { return element_of(algorithms::next_node(const_cast<links*>(&(element.*Place)))); }

    /// Behind those that are equal.
    void add(T& element) noexcept
    {
        (element.*Place).parent = 0;
        algorithms::insert_equal(&head_, &head_, &(element.*Place), node_order());
    }

    /// One that is equal and in, else nothing and the element is in.
    T* find_or_add(T& element) noexcept
    {
        typename algorithms::insert_commit_data place;
        const auto [found, is_new] = algorithms::insert_unique_check(&head_, &(element.*Place), node_order(), place);
        if (!is_new)
            return element_of(found);
        (element.*Place).parent = 0;
        algorithms::insert_unique_commit(&head_, &(element.*Place), place);
        return nullptr;
    }

    /// One that is equal.
    T* find(const T& element) const noexcept { return element_of(algorithms::find(&head_, &(element.*Place), node_order())); }

    /// By one that is equal.
    void replace(T& element, T& other) noexcept { algorithms::replace_node(&(element.*Place), &head_, &(other.*Place)); }

    void remove(T& element) noexcept { algorithms::erase(&head_, &(element.*Place)); }

    void clear() noexcept { algorithms::init_header(&head_); }

private:
    using links = detail::tree_links;

    struct traits
    {
        using node = links;
        using node_ptr = links*;
        using const_node_ptr = const links*;
        using color = std::uintptr_t;

        static node_ptr get_parent(const_node_ptr n) { return reinterpret_cast<node_ptr>(n->parent & ~std::uintptr_t{1}); }
        static void set_parent(node_ptr n, node_ptr parent) { n->parent = reinterpret_cast<std::uintptr_t>(parent) | get_color(n); }
        static node_ptr get_left(const_node_ptr n) { return n->left; }
        static void set_left(node_ptr n, node_ptr left) { n->left = left; }
        static node_ptr get_right(const_node_ptr n) { return n->right; }
        static void set_right(node_ptr n, node_ptr right) { n->right = right; }
        static color get_color(const_node_ptr n) { return n->parent & 1; }
        static void set_color(node_ptr n, color c) { n->parent = (n->parent & ~std::uintptr_t{1}) | c; }
        static color black() { return 0; }
        static color red() { return 1; }
    };
    using algorithms = boost::intrusive::rbtree_algorithms<traits>;

    struct node_order
    {
        bool operator()(const links* one, const links* other) const noexcept
        {
            return Order()(*boost::intrusive::get_parent_from_member(one, Place),
                           *boost::intrusive::get_parent_from_member(other, Place));
        }
    };

    // Nothing of the end.
    T* element_of(const links* n) const noexcept
    {
        return n == &head_ ? nullptr : boost::intrusive::get_parent_from_member(const_cast<links*>(n), Place);
    }

    links head_{};
};

} // namespace tandem::schedule

#endif
