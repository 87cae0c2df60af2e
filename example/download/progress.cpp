#include "download/progress.hpp"

#include <cstdio>

#include <unistd.h>

progress::progress(std::size_t total) : total_(total), terminal_(::isatty(STDOUT_FILENO) == 1) {}

void progress::done(std::uint64_t bytes)
{
    const std::lock_guard guard(mutex_);
    ++done_;
    bytes_ += bytes;
    show((done_ + failed_) * 10 / total_ != (done_ + failed_ - 1) * 10 / total_);
}

void progress::failed(const std::string& cause)
{
    const std::lock_guard guard(mutex_);
    ++failed_;
    std::fprintf(stderr, "%sfailed: %s\n", terminal_ ? "\r\x1b[K" : "", cause.c_str());
    show(terminal_);
}

void progress::end()
{
    const std::lock_guard guard(mutex_);
    if (terminal_) {
        std::printf("\r\x1b[K");
    }
    std::fflush(stdout);
}

void progress::show(bool now)
{
    const clock::time_point time = clock::now();
    if (terminal_ ? time - shown_ < std::chrono::milliseconds(50) && !now : !now) {
        return;
    }
    shown_ = time;
    const double seconds = std::chrono::duration<double>(time - start_).count();
    std::printf("%s%s of %s, %s, %s/s", terminal_ ? "\r\x1b[K" : "", grouped(done_).c_str(), in_files(total_).c_str(),
                in_units(static_cast<double>(bytes_)).c_str(), in_units(static_cast<double>(bytes_) / seconds).c_str());
    if (failed_ > 0) {
        std::printf(", %zu failed", failed_);
    }
    std::printf("%s", terminal_ ? "" : "\n");
    std::fflush(stdout);
}

std::string grouped(std::size_t count)
{
    std::string result = std::to_string(count);
    for (std::size_t end = result.size(); end > 3; end -= 3) {
        result.insert(end - 3, 1, ',');
    }
    return result;
}

std::string in_files(std::size_t count)
{
    return grouped(count) + (count == 1 ? " file" : " files");
}

std::string in_units(double bytes)
{
    const char* unit = "B";
    for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
        if (bytes < 1024) {
            break;
        }
        bytes /= 1024;
        unit = next;
    }
    char text[32];
    std::snprintf(text, sizeof text, unit[1] == '\0' ? "%.0f %s" : "%.1f %s", bytes, unit);
    return text;
}
