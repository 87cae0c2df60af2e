// Functions that crash, each in its own way. A stack trace is to show their names.
#ifndef TANDEM_TEST_CRASH_CRASHES_HPP
#define TANDEM_TEST_CRASH_CRASHES_HPP

namespace crashes {

void write_to_null();
void call_abort();
void fail_an_assertion();
void copy_to_null();
void go_past_a_vectors_end() noexcept;
void run_a_task();
void read_past_file();
void divide_by_zero();
void run_illegal_instruction();
void recurse_forever();
void recurse_with_large_frames();
void throw_uncaught() noexcept;
void call_null();
void lose_stack();

/// Holds the loader's lock, which looking up names takes.
void write_to_null_while_loader_is_locked();

} // namespace crashes

#endif
