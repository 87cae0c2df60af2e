#ifndef EXAMPLE_TANDEM_GET_THEN_TASK_HPP
#define EXAMPLE_TANDEM_GET_THEN_TASK_HPP

#include "tandem_get/then_work.hpp"

#include <tandem/process_pool.hpp>

#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace boost::json {
class value;
}

/// A task that --then names.
struct then_task
{
    std::string_view name;
    std::string_view help;

    /// Runs it in a process.
    boost::asio::awaitable<then_result> (*run)(tandem::process_pool& cpu, std::string path, file_rule rule);

    /// What is printed of it.
    std::string (*line)(const std::filesystem::path& path, const then_result& result);

    boost::json::value (*json)(const then_result& result);
};

/// Null where there is none of that name.
const then_task* find_then_task(std::string_view name);

/// For --help: a line each.
std::string then_tasks_help();

/// "sha256, sha512, ...".
std::string then_task_names();

#endif
