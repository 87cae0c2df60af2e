// What tasks print on the standard output.
#ifndef TANDEM_WORKER_STANDARD_OUTPUT_HPP
#define TANDEM_WORKER_STANDARD_OUTPUT_HPP

namespace tandem::worker {

/// What a task printed is seen also if the next one is killed. Takes next to no time where nothing was printed.
/// What cannot be written is lost.
void flush_standard_output() noexcept;

} // namespace tandem::worker

#endif
