#ifndef TANDEM_SRC_HTTP_EXCHANGE_BUFFER_STORE_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_BUFFER_STORE_HPP

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace tandem::http {

/// Buffers for bodies, used again, so that a small body costs no large allocation. Thread-safe.
class buffer_store
{
public:
    static constexpr std::size_t buffer_size = 256 * 1024;

    /// A buffer for as long as it lives.
    class loan
    {
    public:
        explicit loan(buffer_store& from);
        loan(const loan&) = delete;
        loan& operator=(const loan&) = delete;
        ~loan();

        std::span<char> bytes() const noexcept { return {held_.get(), buffer_size}; }

    private:
        buffer_store& from_;
        std::unique_ptr<char[]> held_;
    };

private:
    std::mutex mutex_;
    std::size_t made_ = 0;
    std::vector<std::unique_ptr<char[]>> free_{};
};

} // namespace tandem::http

#endif
