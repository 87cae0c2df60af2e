#include <faults/completion.hpp>

#include <tandem/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/core/demangle.hpp>

#include <algorithm>
#include <typeinfo>

namespace faults {
namespace {

std::string name_of(const boost::system::error_code& code)
{
    using tandem::errc;
    static constexpr std::pair<errc, const char*> names[] = {{errc::worker_died, "worker_died"},
                                                             {errc::start_failed, "start_failed"},
                                                             {errc::not_a_worker, "not_a_worker"},
                                                             {errc::version_mismatch, "version_mismatch"},
                                                             {errc::unknown_task, "unknown_task"},
                                                             {errc::initializer_failed, "initializer_failed"},
                                                             {errc::encode_failed, "encode_failed"},
                                                             {errc::decode_failed, "decode_failed"},
                                                             {errc::message_too_large, "message_too_large"},
                                                             {errc::pool_closed, "pool_closed"},
                                                             {errc::run_timeout, "run_timeout"},
                                                             {errc::queue_timeout, "queue_timeout"}};
    for (const auto& [value, name] : names)
        if (code == value)
            return name;
    return code == boost::asio::error::operation_aborted ? "aborted" : code.to_string();
}

} // namespace

std::string text_of(const std::string& value)
{
    constexpr std::size_t short_enough = 100;
    if (value.size() <= short_enough)
        return value;
    if (value.find_first_not_of(value[0]) != std::string::npos)
        return "garbled";
    return std::to_string(value.size()) + " times " + value[0];
}

std::string outcome_of(const std::exception_ptr& error)
{
    if (!error)
        return "done";
    try {
        std::rethrow_exception(error);
    } catch (const tandem::task_error& e) {
        std::string text = name_of(e.code());
        if (e.code() != tandem::errc::worker_died)
            return text;
        if (e.report().exit_code)
            text += ", exit " + std::to_string(*e.report().exit_code);
        if (e.report().signal)
            text += ", signal " + std::to_string(*e.report().signal);
        return text;
    } catch (const tandem::remote_exception& e) {
        return "remote " + e.type_name();
    } catch (const boost::system::system_error& e) {
        return name_of(e.code());
    } catch (const std::exception& e) {
        return boost::core::demangle(typeid(e).name());
    } catch (...) {
        return "no exception";
    }
}

void completion::expect_one_of(const std::vector<std::string>& accepted) const
{
    const std::string is = outcome();
    if (std::ranges::find(accepted, is) != accepted.end())
        return;
    std::string text = name_ + ": " + is;
    try {
        if (const auto e = error())
            std::rethrow_exception(e);
    } catch (const std::exception& e) {
        text += std::string(" (") + e.what() + ")";
    } catch (...) {
    }
    text += "; expected";
    for (const std::string& one : accepted)
        text += (&one == &accepted.front() ? " " : " or ") + one;
    wrong(text);
}

void completion::expect_once() const
{
    if (calls() != 1)
        wrong(name_ + ": completed " + std::to_string(calls()) + " times");
}

} // namespace faults
