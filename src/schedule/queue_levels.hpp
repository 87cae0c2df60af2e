// The levels of a queue, by priority: a tree of 16 branches for each four bits of it. To find one takes eight steps however many
// there are, of which all but the last two lie in the caches.
#ifndef TANDEM_SCHEDULE_QUEUE_LEVELS_HPP
#define TANDEM_SCHEDULE_QUEUE_LEVELS_HPP

#include <schedule/task_list.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tandem::detail {

struct queue_family;

/// The waiting tasks of one priority. A task knows its level, and a level what it belongs to: so tasks are taken out without
/// looking for them, whoever comes to have the queue meanwhile.
struct queue_level
{
    queue_family* all = nullptr;
    void* branch = nullptr; ///< that it hangs from
    int priority = 0;
    schedule::task_list tasks{};
};

} // namespace tandem::detail

namespace tandem::schedule {

class queue_levels
{
    using level = detail::queue_level;

public:
    explicit queue_levels(detail::queue_family& all) noexcept : all_(all) {}
    queue_levels(const queue_levels&) = delete;
    queue_levels& operator=(const queue_levels&) = delete;
    ~queue_levels() { clear(); }

    /// That of the highest priority; nothing where there is none.
    level* first() const noexcept { return first_; }

    /// Where it throws, nothing has happened.
    level& find_or_add(int priority)
    {
        const std::uint32_t key = key_of(priority);
        branch* last = &root_;
        try {
            for (unsigned shift = 28; shift != 0; shift -= 4)
                last = &child_of(*last, digit(key, shift));
            const unsigned place = digit(key, 0);
            if (last->has(place))
                return *static_cast<level*>(last->children[place]);
            auto* const added = new level{&all_, last, priority};
            last->set(place, added);
            if (!first_ || priority > first_->priority)
                first_ = added;
            return *added;
        } catch (...) {
            prune(last);
            throw;
        }
    }

    void remove(level& l) noexcept
    {
        auto* const from = static_cast<branch*>(l.branch);
        from->used &= ~(1U << digit(key_of(l.priority), 0));
        const bool was_first = first_ == &l;
        delete &l;
        prune(from);
        if (was_first)
            first_ = find_first();
    }

    /// With their tasks.
    void clear() noexcept
    {
        while (first_)
            remove(*first_);
    }

private:
    static constexpr unsigned branches = 16;

    struct branch
    {
        branch* parent = nullptr;
        unsigned place = 0; // there
        unsigned used = 0;  // a bit for each child
        std::array<void*, branches> children; // branches, or at last levels

        bool has(unsigned child) const noexcept { return (used >> child & 1) != 0; }
        void set(unsigned child, void* what) noexcept
        {
            children[child] = what;
            used |= 1U << child;
        }
    };

    // The higher the priority, the lower.
    static std::uint32_t key_of(int priority) noexcept { return ~(static_cast<std::uint32_t>(priority) ^ 0x8000'0000); }
    static unsigned digit(std::uint32_t key, unsigned shift) noexcept { return key >> shift & (branches - 1); }

    static branch& child_of(branch& parent, unsigned place)
    {
        if (!parent.has(place)) {
            auto* const added = new branch;
            added->parent = &parent;
            added->place = place;
            parent.set(place, added);
        }
        return *static_cast<branch*>(parent.children[place]);
    }

    // Frees what has come to have no level.
    void prune(branch* b) noexcept
    {
        while (b != &root_ && b->used == 0) {
            branch* const parent = b->parent;
            parent->used &= ~(1U << b->place);
            delete b;
            b = parent;
        }
    }

    level* find_first() const noexcept
    {
        if (root_.used == 0)
            return nullptr;
        const void* found = &root_;
        for (unsigned depth = 0; depth != 8; ++depth) {
            const auto* const b = static_cast<const branch*>(found);
            found = b->children[static_cast<std::size_t>(std::countr_zero(b->used))];
        }
        return static_cast<level*>(const_cast<void*>(found));
    }

    detail::queue_family& all_;
    branch root_;
    level* first_ = nullptr;
};

} // namespace tandem::schedule

namespace tandem::detail {

/// All levels of a queue. It stays where it is, whoever has the queue.
struct queue_family
{
    std::size_t size = 0; ///< of all tasks
    queue_level usual{this}; ///< of priority 0
    schedule::queue_levels others{*this}; ///< none is empty
};

} // namespace tandem::detail

#endif
