// System calls that the kernel refuses from now on, as in a sandbox.
#ifndef TANDEM_TEST_SUPPORT_REFUSED_CALL_HPP
#define TANDEM_TEST_SUPPORT_REFUSED_CALL_HPP

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace test {

/// The call of this number, where its argument of that index has all of `bits`, fails with `error` in all threads, and in
/// programs that they start; with no `flags` in the calling thread alone. Whether it does now. For little-endian machines.
inline bool refuse_call(unsigned number, unsigned error, unsigned argument = 0, std::uint32_t bits = 0,
                        unsigned flags = SECCOMP_FILTER_FLAG_TSYNC)
{
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * argument)),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) == 0;
}

} // namespace test

#endif
