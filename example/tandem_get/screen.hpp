#ifndef EXAMPLE_TANDEM_GET_SCREEN_HPP
#define EXAMPLE_TANDEM_GET_SCREEN_HPP

#include <cstddef>
#include <string>
#include <vector>

/// What the user sees: messages on stderr, results on stdout and, where stderr is a terminal, some lines below them
/// that are drawn anew in their place. What it is told is kept until show() is called.
class screen
{
public:
    struct size
    {
        std::size_t width;
        std::size_t height;
    };

    screen();

    /// Whether there is a terminal that can move its cursor (by TERM: one that is set, and not "dumb"), so whether
    /// show() takes lines.
    bool is_terminal() const { return terminal_; }

    /// Of the terminal, as it is now.
    size dimensions() const;

    /// A line on stderr. It may hold anything: what a terminal would act upon is replaced, and logins that the command line
    /// holds are left out.
    void say(const std::string& line);

    /// A line on stdout, as it is.
    void print(const std::string& line);

    /// Writes what was said and printed since, and below it `lines`, none of which is as wide as the terminal; only for
    /// a terminal.
    void show(const std::vector<std::string>& lines = {});

    /// Why stdout could not be written; 0 where it could.
    int print_error() const { return print_error_; }

private:
    bool terminal_;
    bool drawn_ = false; // lines, and the cursor is at the beginning of the first one
    int print_error_ = 0;
    std::string said_;
    std::string printed_;
};

#endif
