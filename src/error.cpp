#include <tandem/error.hpp>

#include <tandem/detail/operation_aborted.hpp>

#include <boost/asio/error.hpp>

namespace tandem {
namespace {

class category final : public boost::system::error_category
{
public:
    const char* name() const noexcept override { return "tandem"; }

    std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
        case errc::worker_died:
            return "the worker process ended while it was running the task, which may have run in part; "
                   "the report says how it ended";
        case errc::start_failed:
            return "no worker process could be started";
        case errc::not_a_worker:
            return "the worker program did not say hello; call tandem::run_if_worker() first in its main, "
                   "before anything is printed";
        case errc::version_mismatch:
            return "the worker program speaks another version of the protocol; build both programs with the same tandem";
        case errc::unknown_task:
            return "the worker program does not contain the task; link the source that uses tandem::task<f> into it";
        case errc::encode_failed:
            return "a value could not be encoded";
        case errc::decode_failed:
            return "a value could not be decoded; are both programs built from the same sources?";
        case errc::message_too_large:
            return "a value is larger than process_pool_options::max_message_size; raise it, or send less";
        case errc::pool_closed:
            return "the pool is shut down and takes no more work";
        case errc::run_timeout:
            return "the task ran longer than its run_timeout";
        case errc::queue_timeout:
            return "the task waited longer than its queue_timeout and was not run";
        case errc::duplicate_task:
            return "two different functions are registered as tasks under one name; rename one, or move it to a "
                   "namespace of its own (functions called the same, static in two files, are the usual cause)";
        case errc::worker_without_main:
            return "this program has not called tandem::run_if_worker(), so a process of it cannot be a worker; call it "
                   "first in main, or, where main is not yours (a plugin), name a program that does in "
                   "process_pool_options::worker: tandem::launch::executable(path)";
        case errc::nesting_too_deep:
            return "process pools are nested too deeply: a worker may not make a pool of its own here";
        case errc::initializer_failed:
            return "process_pool_options::initializer failed, so the worker cannot serve";
        case errc::memory_limit:
            return "the task took more memory than process_pool_options::limits allows";
        case errc::cpu_limit:
            return "the task took more CPU time than process_pool_options::limits allows, and was ended";
        case errc::shutdown_timeout:
            return "killed worker processes have not ended; the kernel holds them";
        }
        return "unknown tandem error";
    }
};

} // namespace

const boost::system::error_category& tandem_category() noexcept
{
    static const category instance;
    return instance;
}

boost::system::error_code make_error_code(errc e) noexcept
{
    return {static_cast<int>(e), tandem_category()};
}

task_error::task_error(boost::system::error_code code, const std::string& what, task_report report)
    : system_error(code, what), report_(std::make_shared<const task_report>(std::move(report)))
{
}

task_error::task_error(boost::system::error_code code, const std::string& what) : task_error(code, what, task_report()) {}

task_error::task_error(errc code, const std::string& what, task_report report)
    : task_error(make_error_code(code), what, std::move(report))
{
}

task_error::task_error(errc code, const std::string& what) : task_error(make_error_code(code), what) {}

remote_exception::remote_exception(const std::string& type_name, const std::string& what)
    : std::runtime_error(what), type_name_(std::make_shared<const std::string>(type_name))
{
}

std::exception_ptr detail::operation_aborted() noexcept
{
    try {
        // Never destroyed: a pool may end after what is.
        static const auto& one = *new auto(
            std::make_exception_ptr(boost::system::system_error(boost::asio::error::operation_aborted)));
        return one;
    } catch (...) { // no memory to say so
        return std::current_exception();
    }
}

} // namespace tandem
