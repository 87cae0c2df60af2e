// Those who wait for the same.
#ifndef TANDEM_PROCESS_POOL_WAIT_LIST_HPP
#define TANDEM_PROCESS_POOL_WAIT_LIST_HPP

#include <process_pool/completion_batch.hpp>

#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace tandem::detail {

class wait_list
{
public:
    bool empty() const noexcept { return waits_.empty(); }

    void add(std::unique_ptr<wait_operation> operation) { waits_.push_back(std::move(operation)); }

    void complete_all(const std::exception_ptr& error, completion_batch& completions)
    {
        completions.waits.reserve(completions.waits.size() + waits_.size());
        for (auto& wait : waits_)
            completions.waits.emplace_back(std::move(wait), error);
        waits_.clear();
    }

    std::vector<std::unique_ptr<wait_operation>> take_all() noexcept { return std::exchange(waits_, {}); }

private:
    std::vector<std::unique_ptr<wait_operation>> waits_;
};

} // namespace tandem::detail

#endif
