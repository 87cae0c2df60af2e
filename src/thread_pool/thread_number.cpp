#include <thread_pool/thread_number.hpp>

#include <mutex>
#include <set>

namespace tandem::detail {
namespace {

struct numbers
{
    std::mutex mutex;
    std::set<std::size_t> free;
    std::size_t next = 0;
};

// Never destroyed: threads may end after the program's static objects.
numbers& all()
{
    static numbers& instance = *new numbers;
    return instance;
}

class owned_number
{
public:
    owned_number()
    {
        const std::lock_guard lock(all().mutex);
        if (all().free.empty())
            value = all().next++;
        else
            value = all().free.extract(all().free.begin()).value();
    }
    owned_number(const owned_number&) = delete;
    owned_number& operator=(const owned_number&) = delete;
    ~owned_number()
    {
        known_thread_number = no_thread_number - 1;
        const std::lock_guard lock(all().mutex);
        all().free.insert(value);
    }

    std::size_t value;
};

} // namespace

std::size_t take_thread_number()
{
    thread_local const owned_number mine;
    return known_thread_number = mine.value;
}

} // namespace tandem::detail
