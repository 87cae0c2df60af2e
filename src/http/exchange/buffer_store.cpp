#include "http/exchange/buffer_store.hpp"

#include <utility>

namespace tandem::http {

buffer_store::loan::loan(buffer_store& from) : from_(from)
{
    {
        const std::lock_guard guard(from_.mutex_);
        if (!from_.free_.empty()) {
            held_ = std::move(from_.free_.back());
            from_.free_.pop_back();
            return;
        }
        // So that giving it back cannot fail.
        from_.free_.reserve(++from_.made_);
    }
    held_ = std::make_unique_for_overwrite<char[]>(buffer_size);
}

buffer_store::loan::~loan()
{
    const std::lock_guard guard(from_.mutex_);
    from_.free_.push_back(std::move(held_));
}

} // namespace tandem::http
