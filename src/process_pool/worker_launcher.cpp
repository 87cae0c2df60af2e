#include <process_pool/worker_launcher.hpp>

#include <blocked_signal.hpp>
#include <descriptor.hpp>
#include <io/asio.hpp>
#include <launch/child.hpp>
#include <launch/start_error.hpp>
#include <status/shared_page.hpp>

#include <boost/system/system_error.hpp>

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace tandem::detail {
namespace {

class control_pipe final : public worker_control
{
public:
    explicit control_pipe(launch::pipe_ends&& pipes)
        : control_(std::move(pipes.control)), frames_out_reader_(std::move(pipes.frames_out_reader))
    {
    }

    void ask_to_stop(std::uint64_t call) noexcept override
    {
        const blocked_signal dead_worker(SIGPIPE); // so rarely that no descriptor is kept against it
        // One number for a task that runs, and a pipe holds thousands: it cannot be full.
        if (::write(control_.get(), &call, sizeof call) < 0 && errno == EPIPE)
            dead_worker.take();
    }

    void close() noexcept override
    {
        control_.close();
        frames_out_reader_.close();
    }

private:
    descriptor control_;
    descriptor frames_out_reader_; // while it is open, writing to a dead worker does not raise SIGPIPE
};

// A worker without it sends its large results through the pipe.
std::shared_ptr<arena::result_memory> make_result_memory(const arena::argument_memory* arguments)
{
    try {
        return arguments ? std::make_shared<arena::result_memory>(arguments->size()) : nullptr;
    } catch (const std::exception&) {
        return nullptr;
    }
}

std::shared_ptr<status::shared_page> make_page()
{
    try {
        return std::make_shared<status::shared_page>();
    } catch (const boost::system::system_error& e) {
        throw launch::start_error(e.code(), "making memory that is shared with it (memfd_create)");
    }
}

class process_launcher final : public worker_launcher
{
public:
    process_launcher(const boost::asio::any_io_executor& executor, launch::target program,
                     const arena::argument_memory* arguments)
        : executor_(executor), program_(std::move(program)), arguments_(arguments)
    {
    }

    launched_worker launch() override
    try {
        launched_worker made;
        const auto page = make_page();
        made.page = std::shared_ptr<status::status_page>(page, &**page);
        made.large_results = make_result_memory(arguments_);
        std::vector<int> shared{page->number()};
        if (arguments_)
            shared.push_back(arguments_->worker_descriptor());
        if (made.large_results)
            shared.push_back(made.large_results->worker_descriptor());
        launch::pipe_ends pipes;
        made.process = std::make_unique<launch::child>(executor_, program_, shared, pipes);
        made.frames_in = std::make_unique<io::asio_pipe_reader>(executor_, std::move(pipes.frames_in));
        made.frames_out = std::make_unique<io::asio_pipe_writer>(executor_, std::move(pipes.frames_out));
        made.log = std::make_unique<io::asio_pipe_reader>(executor_, std::move(pipes.log_in));
        made.control = std::make_unique<control_pipe>(std::move(pipes));
        page->close_descriptor();
        return made;
    } catch (const boost::system::system_error& e) {
        throw launch::start_error(e.code(), "watching it by Asio");
    }

private:
    const boost::asio::any_io_executor executor_;
    const launch::target program_;
    const arena::argument_memory* const arguments_;
};

} // namespace

std::unique_ptr<worker_launcher> make_process_launcher(const boost::asio::any_io_executor& executor, launch::target program,
                                                       const arena::argument_memory* arguments)
{
    return std::make_unique<process_launcher>(executor, std::move(program), arguments);
}

} // namespace tandem::detail
