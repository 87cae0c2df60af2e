#include <process_pool/recording_file.hpp>

#include <blocked_signal.hpp>
#include <descriptor.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>

namespace tandem::detail {
namespace {

class recording_file
{
public:
    explicit recording_file(const std::string& name)
        : file_(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666)), owner_(::getpid())
    {
    }

    explicit operator bool() const noexcept { return static_cast<bool>(file_); }

    bool append(std::string_view text) const noexcept
    {
        if (::getpid() != owner_)
            return false; // a forked copy of the pool
        const blocked_signal over_limit(SIGXFSZ);
        while (!text.empty()) {
            const auto written = ::write(file_.get(), text.data(), text.size());
            if (written < 0 && errno == EINTR)
                continue;
            if (written < 0 && errno == EFBIG)
                over_limit.take();
            if (written <= 0)
                return false;
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        return true;
    }

private:
    const descriptor file_;
    const pid_t owner_;
};

} // namespace

schedule::recording_sink recording_in_file()
{
    static std::atomic<int> pools{0};
    const char* const name = ::secure_getenv(recording_variable);
    if (!name || *name == '\0')
        return nullptr;
    const auto file = std::make_shared<recording_file>(std::string(name) + '.' + std::to_string(::getpid()) + '.' +
                                                       std::to_string(++pools));
    if (!*file)
        return nullptr;
    return [file](std::string_view text) { return file->append(text); };
}

} // namespace tandem::detail
