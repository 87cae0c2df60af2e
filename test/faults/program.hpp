// A worker program that can be exchanged: the pool knows a symbolic link, which points to something wrong at first and
// to this very program later.
#ifndef TANDEM_TEST_FAULTS_PROGRAM_HPP
#define TANDEM_TEST_FAULTS_PROGRAM_HPP

#include <support/fake_worker.hpp>
#include <support/gate.hpp>

#include <tandem/launch.hpp>
#include <tandem/task.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace faults {

class program
{
public:
    /// Points to `wrong`, or to nothing where that is empty.
    explicit program(const std::string& wrong, std::vector<std::string> arguments = {})
        : arguments_(std::move(arguments))
    {
        if (!wrong.empty())
            std::filesystem::create_symlink(wrong, link());
    }

    /// A fake worker with these steps.
    static program fake(std::vector<std::string> steps) { return program(TANDEM_FAKE_WORKER, std::move(steps)); }

    tandem::launch::target target() const { return tandem::launch::executable(link(), arguments_); }

    /// From now on it is this very program, to which the arguments mean nothing.
    void put_right() const
    {
        std::filesystem::create_symlink(std::filesystem::read_symlink("/proc/self/exe"), link() + ".new");
        std::filesystem::rename(link() + ".new", link());
    }

    std::string folder() const { return place_.path(); }

private:
    std::string link() const { return place_.path() + "/program"; }

    test::gate place_;
    std::vector<std::string> arguments_;
};

/// The hello of a worker that knows these functions.
template <auto... F>
test::byte_buffer hello_of()
{
    return test::hello_bytes({tandem::bound_task<F>::entry().mangled_name()...});
}

} // namespace faults

#endif
