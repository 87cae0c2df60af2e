// What the kernel tells of a process, in /proc/PID/stat.
#ifndef TANDEM_TEST_SUPPORT_PROCESS_STATE_HPP
#define TANDEM_TEST_SUPPORT_PROCESS_STATE_HPP

#include <fstream>
#include <string>

namespace test {

/// All empty where there is no such process.
struct process_state
{
    std::string name;
    char letter = 0; ///< proc(5)'s: R, S, D, T, Z, ...
    int parent = 0;

    /// A zombie has ended: whoever adopted it has yet to collect it.
    bool has_ended() const { return letter == 0 || letter == 'Z' || letter == 'X'; }
};

inline process_state state_of(const std::string& pid)
{
    std::ifstream in("/proc/" + pid + "/stat");
    std::string line;
    std::getline(in, line, '\0');
    const auto open = line.find('('), close = line.rfind(')'); // the name may have parentheses and spaces
    if (open == std::string::npos || close == std::string::npos || close + 4 >= line.size())
        return {};
    return {line.substr(open + 1, close - open - 1), line[close + 2], std::stoi(line.substr(close + 4))};
}

/// "1234 (name) S, of 1233", the last its parent; "1234 gone".
inline std::string describe_process(const std::string& pid)
{
    const process_state state = state_of(pid);
    if (state.letter == 0)
        return pid + " gone";
    return pid + " (" + state.name + ") " + state.letter + ", of " + std::to_string(state.parent);
}

inline bool has_ended(int pid)
{
    return state_of(std::to_string(pid)).has_ended();
}

} // namespace test

#endif
