#ifndef EXAMPLE_TANDEM_GET_TEXT_HPP
#define EXAMPLE_TANDEM_GET_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Text for people. What the names and servers of others put into it is not trusted: a terminal acts upon control
// characters, and others have a text look like another one (tandem::http::is_deceptive()).

/// Columns that a terminal needs for it. Of UTF-8; a byte that is none of it, and a deceptive character, counts one.
std::size_t columns(std::string_view text);

/// The same with each deceptive character, and each byte that is not UTF-8, as a question mark.
std::string printable(std::string_view text);

/// The same with each byte that is not UTF-8 as U+FFFD, as JSON must be.
std::string valid_utf8(std::string_view text);

/// JSON that says the same, with each deceptive character as "\uXXXX": so it may be looked at, too.
std::string escape_deceptive(std::string_view json);

/// What begins a word that is an option of an item's, behind its URL: "sha256=", in small letters; empty where none does.
std::string_view item_option(std::string_view word);

/// A URL, or a line of a list that begins with one, with no user name and password in it; also where it is no URL.
std::string without_login(std::string_view line);

/// Has without_given_logins() know the logins of all URLs in a program's arguments, whatever option they are given to.
void remember_logins(int argc, char** argv);

/// A message that may quote an argument, or a part of it, without the logins.
std::string without_given_logins(std::string text);

/// Overwrites what is secret in a program's arguments, which everybody on the machine can read: see ps(1).
void hide_logins(int argc, char** argv);

/// The beginning that fits into `width` columns. `text` is printable.
std::string cut(std::string_view text, std::size_t width);

/// Shortened in the middle to fit into `width` columns: "a-long...me.iso". `text` is printable.
std::string shortened(std::string_view text, std::size_t width);

/// Spaces after it, or before it, up to `width` columns.
std::string padded(std::string text, std::size_t width);
std::string right_aligned(const std::string& text, std::size_t width);

/// "12", "1,000".
std::string grouped(std::uint64_t count);

/// "1 file", "1,000 files".
std::string in_files(std::uint64_t count);

/// "1.5 MiB", "20.0 KiB".
std::string in_units(double bytes);
std::string in_units(std::uint64_t bytes);

/// Seconds that something took: "12 ms", "2.1 s", "3:20".
std::string in_seconds(double seconds);

/// Seconds as "0:07", "12:05", "3:00:09"; from 100 hours on as "4 days".
std::string in_time(double seconds);

#endif
