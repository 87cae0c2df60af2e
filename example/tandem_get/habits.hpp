#ifndef EXAMPLE_TANDEM_GET_HABITS_HPP
#define EXAMPLE_TANDEM_GET_HABITS_HPP

#include <string>
#include <string_view>
#include <vector>

/// What tandem-get does, or has, in place of an option of curl's or wget's: "-L", "--location". Empty where it has
/// nothing to say.
std::string_view habit_hint(std::string_view option);

/// The options in a word of the command line: of "-fsSL" -f, -s, -S and -L, of "--name=value" --name. Never a value: it
/// may be a secret.
std::vector<std::string> options_in(std::string_view word);

#endif
