// The table of what can go wrong in a worker. A fault is committed in the worker's process, wherever a stage has it.
#ifndef TANDEM_TEST_FAULTS_FAULTS_HPP
#define TANDEM_TEST_FAULTS_FAULTS_HPP

#include <cstddef>
#include <span>
#include <string>

namespace faults {

/// What a fault does to its worker; expected.cpp says what follows from it.
enum class effect
{
    throws,        ///< a std::runtime_error
    throws_int,    ///< what is no std::exception
    out_of_memory, ///< throws std::bad_alloc
    ends,          ///< ends the process: `end` tells how
    crashes,       ///< the same by a signal, which a sanitizer's runtime takes and turns into an exit
    hangs,         ///< never returns; the process's other threads go on
    stops,         ///< the process goes on only when it is told to
    is_mute,       ///< the protocol's descriptors are gone; the process finds out when it writes
    is_replaced,   ///< another program runs, which never speaks
    garbles,       ///< there is noise among the frames
    is_copied,     ///< a forked child goes on as a copy of the process
    is_harmless
};

struct fault
{
    const char* name;
    void (*commit)();
    effect what;
    std::string end{}; ///< "exit 7", "signal 9"
};

std::span<const fault> all_faults();

/// Commits the fault of that number in the table.
void commit(std::size_t number);

} // namespace faults

#endif
