#ifndef TEST_TANDEM_GET_TOOL_HPP
#define TEST_TANDEM_GET_TOOL_HPP

#include <string>
#include <vector>

#include <sys/types.h>

/// What a run of tandem-get came to.
struct tool_result
{
    int status = 0; ///< as a shell has it: 128 and the signal, where one ended it
    std::string out{};
    std::string err{};
};

/// tandem-get as its users run it: a process, given arguments.
class tool
{
public:
    /// Starts it; it reads the file `input`.
    explicit tool(const std::vector<std::string>& arguments, const std::string& input = "/dev/null",
                  const std::string& output = {});
    tool(const tool&) = delete;
    tool& operator=(const tool&) = delete;
    ~tool();

    void send(int signal) const;

    /// What it has said so far.
    std::string err() const;

    tool_result wait();

private:
    std::string out_;
    std::string err_;
    pid_t pid_ = -1;
};

/// From its start to its end.
tool_result run_tool(const std::vector<std::string>& arguments);

/// The same on a terminal of that size and kind (TERM; null: none is said); all that it draws is in `out`.
tool_result run_on_terminal(const std::vector<std::string>& arguments, unsigned short width, unsigned short height,
                            const char* kind = "xterm");

#endif
