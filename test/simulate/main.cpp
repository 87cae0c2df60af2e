// simulate SCENARIO [SEEDS [FIRST]]: in random orders of events. The seed of one that goes wrong is told, and its shortest
// form.
// simulate SCENARIO all DEPTH [MOST]: in all orders that differ from the usual one within DEPTH choices.
// simulate SCENARIO choices NUMBER...: in the order of these choices, as they were told.
// simulate scenarios: the scenarios for random orders, each with its share of them in percent.
#include <simulate/exploration.hpp>
#include <simulate/scenarios.hpp>

#include <malloc.h>

#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

const std::vector<simulate::scenario> scenarios{
#ifdef TANDEM_SIMULATE_HTTP
    {"list", 10, simulate::live_as_list},
#else
    {"pool", 60, simulate::live_as_pool},
    {"recorded_pool", 5, simulate::live_as_recorded_pool},
    {"small_pool", 0, simulate::live_as_small_pool},
    {"map", 15, simulate::live_as_maps},
    {"thread_queue", 10, simulate::live_as_thread_queue},
#endif
};

int tell(const simulate::verdict& v)
{
    std::cout << v.story << v.fault << "\nchoices";
    for (const auto one : v.choices)
        std::cout << ' ' << one;
    std::cout << std::endl;
    return 1;
}

class command
{
public:
    command(const simulate::scenario& what, std::vector<std::string> arguments)
        : name_(what.name), explorer_(what), arguments_(std::move(arguments))
    {
    }

    int run()
    {
        if (arguments_.empty() || (arguments_[0] != "all" && arguments_[0] != "choices"))
            return run_seeds(number(0, 1000), number(1, 1));
        return arguments_[0] == "all" ? run_all(number(1, 8), number(2, 1'000'000)) : run_choices();
    }

private:
    std::uint64_t number(std::size_t position, std::uint64_t usual) const
    {
        return position < arguments_.size() ? std::stoull(arguments_[position]) : usual;
    }

    int run_seeds(std::uint64_t count, std::uint64_t first)
    {
        const auto v = explorer_.run_seeds(first, count);
        return finish(v, std::to_string(count) + " seeds", "seed");
    }

    int run_all(std::size_t depth, std::uint64_t most)
    {
        std::uint64_t runs = 0;
        const auto v = explorer_.run_all(depth, most, runs);
        return finish(v, (runs == most ? "the first " : "all ") + std::to_string(runs) + " orders to depth " + std::to_string(depth), "order");
    }

    int run_choices()
    {
        std::vector<std::uint32_t> given;
        for (std::size_t i = 1; i < arguments_.size(); ++i)
            given.push_back(static_cast<std::uint32_t>(number(i, 0)));
        const auto v = explorer_.run(given);
        tell(v);
        return v.fault.empty() ? 0 : 1;
    }

    int finish(const std::optional<simulate::verdict>& faulty, const std::string& all, const char* one)
    {
        if (!faulty) {
            std::cout << name_ << ", " << all << ": nothing wrong\n";
            return 0;
        }
        std::cout << name_ << ", " << one << ' ' << faulty->seed << ": " << faulty->fault << "\nshortened to:" << std::endl;
        return tell(explorer_.shrink(*faulty));
    }

    const std::string name_;
    simulate::explorer explorer_;
    const std::vector<std::string> arguments_;
};

} // namespace

int main(int argc, char** argv)
try {
    // Large blocks are used again at once: to get them from the system takes longer than a run.
    ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
    const std::string wanted = argc > 1 ? argv[1] : "";
    if (wanted == "scenarios") {
        for (const simulate::scenario& one : scenarios)
            if (one.share != 0)
                std::cout << one.name << ' ' << one.share << '\n';
        return 0;
    }
    for (const simulate::scenario& one : scenarios)
        if (one.name == wanted)
            return command(one, {argv + 2, argv + argc}).run();
    std::cerr << "simulate SCENARIO [SEEDS [FIRST]], simulate SCENARIO all DEPTH [MOST], simulate SCENARIO choices "
                 "NUMBER...; SCENARIO is one of:";
    for (const simulate::scenario& one : scenarios)
        std::cerr << ' ' << one.name;
    std::cerr << '\n';
    return 2;
} catch (const std::exception& e) {
    std::cerr << "simulate: " << e.what() << '\n';
    return 2;
}
