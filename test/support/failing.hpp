// Which of tandem's errors a call ends in.
#ifndef TANDEM_TEST_SUPPORT_FAILING_HPP
#define TANDEM_TEST_SUPPORT_FAILING_HPP

#include <support/recording.hpp>

#include <tandem/error.hpp>
#include <tandem/run_options.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <utility>

namespace tandem {

// Found by Boost.Test, so that a failing comparison shows both sides.
inline std::ostream& boost_test_print_type(std::ostream& out, errc e)
{
    return out << make_error_code(e).to_string();
}

} // namespace tandem

namespace test {

struct failure
{
    boost::system::error_code code; ///< of success where there was none
    std::string what;
    tandem::task_report report;

    bool says(const std::string& text) const { return what.find(text) != std::string::npos; }
};

inline failure failure_of(const std::exception_ptr& error)
{
    if (!error)
        return {{}, "no error", {}};
    try {
        std::rethrow_exception(error);
    } catch (const tandem::task_error& e) {
        return {e.code(), e.what(), e.report()};
    } catch (const boost::system::system_error& e) {
        return {e.code(), e.what(), {}};
    } catch (...) {
        return {boost::system::errc::make_error_code(boost::system::errc::not_supported),
                "not an error of tandem's: " + describe(error),
                {}};
    }
}

/// How the recorded operation failed.
template <class R>
failure failure_of(const recording<R>& seen)
{
    if (!seen.wait())
        return {boost::asio::error::timed_out, "the handler was not called", {}};
    const failure f = failure_of(seen.error());
    BOOST_TEST_MESSAGE(f.what);
    BOOST_TEST(seen.calls() == 1);
    return f;
}

/// Runs the task and returns how it failed.
template <class Pool, class Work>
failure fails(Pool& pool, Work work, const tandem::run_options& options = {})
{
    const recording<typename Work::result_type> seen;
    pool.async_run(std::move(work), options, seen.handler());
    return failure_of(seen);
}

} // namespace test

#endif
