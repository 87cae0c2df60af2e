#include <launch/program.hpp>

#include <launch/start_error.hpp>

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace tandem::launch {
namespace {

constexpr const char* own_program = "/proc/self/exe"; // the file that runs, also after it was replaced on disk
constexpr const char* name_a_program = "give process_pool_options::worker the path of the worker program";

boost::system::error_code system_error_code(int error)
{
    return {error, boost::system::system_category()};
}

// --- this program, where the dynamic loader was told to run it: then /proc/self/exe is the loader

std::span<const ElfW(Phdr)> own_segments() noexcept
{
    return {reinterpret_cast<const ElfW(Phdr)*>(::getauxval(AT_PHDR)), ::getauxval(AT_PHNUM)};
}

bool is_run_by_told_loader() noexcept
{
    const auto names_loader = [](const ElfW(Phdr)& segment) { return segment.p_type == PT_INTERP; };
    return ::getauxval(AT_BASE) == 0 && std::ranges::any_of(own_segments(), names_loader);
}

// Of the file that is mapped there; empty where it has none any more.
std::string path_of_mapping(std::uintptr_t address)
{
    std::ifstream maps("/proc/self/maps"); // "55d0a000-55d0b000 r--p 00000000 fe:00 11346097     /path of/file"
    for (std::string line; std::getline(maps, line);) {
        std::istringstream fields(line);
        std::uintptr_t begin = 0, end = 0;
        char dash = 0;
        fields >> std::hex >> begin >> dash >> end;
        const auto path = line.find('/');
        if (begin <= address && address < end)
            return path == std::string::npos || line.ends_with(" (deleted)") ? "" : line.substr(path);
    }
    return "";
}

std::string own_path()
{
    if (is_run_by_told_loader())
        return path_of_mapping(reinterpret_cast<std::uintptr_t>(own_segments().data()));
    std::error_code ignored;
    return std::filesystem::read_symlink(own_program, ignored).string();
}

// The loader's own arguments come before the program, which it calls as it was told to.
command command_of_told_loader()
{
    const std::string path = own_path();
    if (path.empty())
        throw start_error(system_error_code(ENOENT), "finding this program, which a dynamic loader was told to run",
                          name_a_program);
    const std::string told = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
    command result{own_program, {}};
    std::ifstream line("/proc/self/cmdline");
    for (std::string argument; std::getline(line, argument, '\0') && (result.arguments.empty() || argument != told);)
        result.arguments.push_back(argument);
    result.arguments.push_back(path);
    return result;
}

// --- another program

bool is_file(const std::string& path)
{
    struct stat file = {};
    return ::stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode);
}

bool is_executable(const std::string& path)
{
    return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

// As a shell does it: what is there and may not be executed counts only where nothing else is.
std::string find_in_path(const std::string& name)
{
    const char* const value = std::getenv("PATH");
    std::istringstream folders((value ? value : "/bin:/usr/bin") + std::string(":")); // else an empty last one is lost
    std::string not_executable;
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::string path = (folder.empty() ? "." : folder) + '/' + name;
        if (!is_file(path))
            continue;
        if (is_executable(path))
            return path;
        if (not_executable.empty())
            not_executable = std::move(path);
    }
    if (!not_executable.empty())
        throw_not_executed({not_executable, {name}}, EACCES);
    throw start_error(system_error_code(ENOENT), "finding it in PATH",
                      "add its folder to PATH, or " + std::string(name_a_program));
}

// --- why it cannot be executed

std::string interpreter_of_script(const std::string& first_line)
{
    const auto begin = first_line.find_first_not_of(" \t", 2);
    return begin == std::string::npos ? "" : first_line.substr(begin, first_line.find_first_of(" \t\r", begin) - begin);
}

// What its content says.
std::string describe_content(const std::string& path, int error)
{
    std::ifstream file(path, std::ios::binary);
    std::string first_line(256, '\0');
    file.read(first_line.data(), static_cast<std::streamsize>(first_line.size()));
    first_line.resize(static_cast<std::size_t>(file.gcount()));
    if (first_line.empty())
        return file.bad() || error == ENOENT ? "" : "it is empty, or may not be read";
    if (first_line.starts_with(ELFMAG))
        return error == ENOENT ? "it is there, but not the dynamic loader that it names: install that, or link it statically"
                               : "it is a program for another kind of machine, or damaged; build it for this one";
    if (first_line.starts_with("#!"))
        return "its first line names an interpreter that is not there: \"" +
               interpreter_of_script(first_line.substr(0, first_line.find('\n'))) + '"';
    return "it is neither a program nor a script whose first line names its interpreter (#!)";
}

std::string describe_file(const std::string& path, int error)
{
    struct stat file = {};
    if (::stat(path.c_str(), &file) != 0) {
        if (path == own_program)
            return "mount /proc, or " + std::string(name_a_program);
        return errno == EACCES ? "a folder on the way to it may not be searched by this user" : name_a_program;
    }
    if (S_ISDIR(file.st_mode))
        return std::string("it is a folder; ") + name_a_program;
    if (error == EACCES)
        return is_executable(path) ? "its file system, or its interpreter, allows no execution"
                                   : "this user may not execute it; set its permission (chmod +x)";
    return error == ENOENT || error == ENOEXEC ? describe_content(path, error) : "";
}

} // namespace

command command_of(const target& program)
{
    if (is_self(program) && is_run_by_told_loader())
        return command_of_told_loader();
    command result{program.path, {name_of(program)}};
    result.arguments.insert(result.arguments.end(), program.arguments.begin(), program.arguments.end());
    if (program.path.find('/') == std::string::npos)
        result.path = find_in_path(program.path);
    return result;
}

bool is_self(const target& program) noexcept
{
    return program.path == own_program;
}

std::string name_of(const target& program)
{
    if (!is_self(program))
        return program.path;
    const std::string path = own_path();
    return path.empty() ? own_program : path;
}

void throw_not_executed(const command& program, int error)
{
    const bool is_known = program.path == own_program || program.path == program.arguments.front();
    const std::string step = is_known ? "executing it" : "executing " + program.path;
    const std::string help = describe_file(program.path, error);
    if (help.empty())
        throw_start_error(error, step);
    throw start_error(system_error_code(error), step, help);
}

target self()
{
    return {own_program, {}};
}

target executable(std::string path, std::vector<std::string> arguments)
{
    return {std::move(path), std::move(arguments)};
}

target executable(std::string path)
{
    return {std::move(path), {}};
}

} // namespace tandem::launch
