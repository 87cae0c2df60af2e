#include <process_pool/context_watch.hpp>

#include <mutex>
#include <vector>

namespace tandem::detail {
namespace {

class service final : public boost::asio::execution_context::service
{
public:
    using key_type = service;
    static boost::asio::execution_context::id id;

    explicit service(boost::asio::execution_context& context) : boost::asio::execution_context::service(context) {}

    void add(const std::shared_ptr<pool>& p)
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(pools_, [](const std::weak_ptr<pool>& other) { return other.expired(); });
        pools_.push_back(p);
    }

private:
    void shutdown() override
    {
        for (const auto& one : pools_) // no other thread uses the context any more
            if (const auto alive = one.lock())
                alive->abandon();
        pools_.clear();
    }

    std::mutex mutex_;
    std::vector<std::weak_ptr<pool>> pools_;
};

boost::asio::execution_context::id service::id;

} // namespace

void watch_context(const std::shared_ptr<pool>& p, boost::asio::execution_context& context)
{
    boost::asio::use_service<service>(context).add(p);
}

} // namespace tandem::detail
