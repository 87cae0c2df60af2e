// Five tasks on pools of three: once on threads, once in processes. Each says when it starts and ends and sleeps in
// between; the results come in the order of the tasks, whichever ends first.
#include <tandem.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;

void say(const std::string& text)
{
    std::ostringstream line;
    line << "  [process " << ::getpid() << ", thread " << ::gettid() << "] " << text << '\n';
    std::cerr << line.str();
}

std::string work(int number)
{
    say("task " + std::to_string(number) + " starts");
    std::this_thread::sleep_for(std::chrono::milliseconds(600 - 100 * number));
    say("task " + std::to_string(number) + " ends");
    return "result " + std::to_string(number);
}

template <class Pool>
asio::awaitable<void> run(Pool& pool)
{
    const std::vector<int> numbers{1, 2, 3, 4, 5};
    const std::vector<std::string> results = co_await tandem::async_map(pool, tandem::task<work>, numbers);
    for (const std::string& result : results)
        std::cout << result << '\n';
}

int main()
{
    tandem::run_if_worker();
    tandem::thread_pool io{3};
    tandem::process_pool cpu{io, {.workers = 3}};

    std::cout << "On three threads of process " << ::getpid() << ":" << std::endl;
    asio::co_spawn(io, run(io), asio::use_future).get();
    std::cout << "In three processes:" << std::endl;
    asio::co_spawn(io, run(cpu), asio::use_future).get();
}
