// seeds CORPUS: writes CORPUS/TARGET/valid-NAME, the valid frames and values of every kind. To be run when the protocol
// or an encoding changes.
#include "shared_memory.hpp"
#include "target.hpp"
#include "tasks.hpp"
#include "types.hpp"

#include <channel/hello.hpp>
#include <tandem/detail/exception_codec.hpp>
#include <tandem/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <any>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <ios>
#include <regex>
#include <stdexcept>
#include <system_error>

namespace tandem::fuzz {
namespace {

namespace fs = std::filesystem;
using channel::frame_kind;

void write(const fs::path& file, bytes content)
{
    fs::create_directories(file.parent_path());
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    check(out.flush().good(), "the file can be written");
}

template <class T>
byte_buffer encoded(const T& value)
{
    byte_buffer out;
    encode(out, value);
    return out;
}

shape a_shape()
{
    return {"triangle", {{0, 0}, {1, 0}, {0, -1}}, {{"tag", {"a", "bc"}}}, colour::green};
}

std::unique_ptr<tree> a_tree()
{
    auto root = std::make_unique<tree>(tree{1, std::make_unique<tree>(tree{2, nullptr, nullptr}), nullptr});
    root->left->right = std::make_unique<tree>(tree{3, nullptr, nullptr});
    return root;
}

std::shared_ptr<relative> a_family()
{
    const auto note = std::make_shared<const std::string>("shared");
    const auto elder = std::make_shared<relative>(relative{"elder", nullptr, {}, {note}});
    elder->next = std::make_shared<relative>(relative{"younger", nullptr, elder, {note, nullptr}});
    return elder;
}

/// A value of each type, in the order of `types`.
types a_value_of_each()
{
    using namespace std::chrono_literals;
    types v;
    std::get<1>(v) = -2;
    std::get<2>(v) = 2.5;
    std::get<3>(v) = colour::green;
    std::get<4>(v) = "text";
    std::get<5>(v) = U"wide";
    std::get<6>(v) = {1, 2, 3};
    std::get<7>(v) = {true, false, true};
    std::get<8>(v) = {"one", "", "three"};
    std::get<9>(v) = {{1, 2}, {3, 4}};
    std::get<10>(v) = byte_buffer(5, std::byte{7});
    std::get<11>(v) = {"a", "b"};
    std::get<12>(v) = {0.5, 1.5};
    std::get<13>(v) = {3, 2, 1};
    std::get<14>(v) = {"x", "y"};
    std::get<15>(v) = {1, 1, 2};
    std::get<16>(v) = {{"k", {1, 2}}, {"l", {}}};
    std::get<17>(v) = {{1, "a"}, {1, "b"}};
    std::get<18>(v) = {{1, "one"}, {2, "two"}};
    std::get<19>(v) = {"p", "q"};
    std::get<20>(v) = a_shape();
    std::get<21>(v) = "chosen";
    std::get<22>(v) = {1, "two", {3, 4, 5}};
    std::get<23>(v) = {{"a", "b"}, 'c'};
    std::get<24>(v) = std::bitset<13>(0x1234);
    std::get<25>(v) = {1, -1};
    std::get<26>(v) = 5ms;
    std::get<27>(v) = std::chrono::system_clock::time_point(1s);
    std::get<28>(v) = a_tree();
    std::get<29>(v) = a_family();
    std::get<30>(v) = {a_shape(), shape{}};
    std::get<31>(v).inner.resize(2);
    std::get<31>(v).inner[0].inner.resize(1);
    std::get<32>(v).inner.resize(2);
    std::get<33>(v).inner.resize(2);
    std::get<34>(v).entries["home"].numbered[7].entries["x"];
    std::get<35>(v).resize(3);
    std::get<36>(v).resize(3);
    std::get<37>(v) = {std::vector<std::tuple<>>(3), {}};
    std::get<38>(v).push(1);
    std::get<39>(v).push("first");
    std::get<40>(v).push(1);
    std::get<40>(v).push(2);
    std::get<41>(v) = {std::nullopt, colour::green, true};
    std::get<42>(v).resize(2);
    return v;
}

/// f(place, encoding, encoding of the type's empty value) for each type.
template <class F>
void for_each_type(F f)
{
    const types values = a_value_of_each();
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (f(I, encoded(std::get<I>(values)), encoded(std::tuple_element_t<I, types>{})), ...);
    }(std::make_index_sequence<type_count>());
}

std::vector<std::exception_ptr> an_exception_of_each()
{
    std::vector<std::exception_ptr> all;
    const auto add = [&all](const auto&... e) { (all.push_back(std::make_exception_ptr(e)), ...); };
    const auto no_file = std::make_error_code(std::errc::no_such_file_or_directory);
    add(std::logic_error("a"), std::invalid_argument("b"), std::domain_error("c"), std::length_error("d"),
        std::out_of_range("e"), std::runtime_error("f"), std::range_error("g"), std::overflow_error("h"),
        std::underflow_error("i"), std::exception(), std::bad_alloc(), std::bad_array_new_length(), std::bad_cast(),
        std::bad_typeid(), std::bad_exception(), std::bad_function_call(), std::bad_weak_ptr(), std::bad_any_cast(),
        std::bad_optional_access(), std::bad_variant_access());
    add(std::system_error(no_file), std::system_error(no_file, "opening"), std::ios_base::failure("reading"),
        std::filesystem::filesystem_error("copying", "/a", "/b", no_file),
        std::filesystem::filesystem_error("copying", no_file), std::future_error(std::future_errc::broken_promise),
        std::regex_error(std::regex_constants::error_brack),
        boost::system::system_error(boost::asio::error::eof, "reading"),
        boost::system::system_error(boost::asio::error::host_not_found), task_error(errc::worker_died, "task f"));
    add(5, std::string("not an exception"));
    try {
        try {
            throw std::runtime_error("inner");
        } catch (...) {
            std::throw_with_nested(std::logic_error("outer"));
        }
    } catch (...) {
        all.push_back(std::current_exception());
    }
    return all;
}

channel::hello a_hello()
{
    channel::hello message{.pid = 4711, .tasks = {}};
    for (const auto* task : tasks)
        message.tasks.emplace_back(task->mangled_name());
    return message;
}

void write_codec(const fs::path& corpus)
{
    for_each_type([&corpus](std::size_t place, const byte_buffer& value, const byte_buffer& empty) {
        const auto name = [place](const char* what) { return "valid-" + std::to_string(place) + what; };
        const auto with_place = [place](const byte_buffer& encoding) {
            byte_buffer input{static_cast<std::byte>(place)};
            input.insert(input.end(), encoding.begin(), encoding.end());
            return input;
        };
        write(corpus / "codec" / name(""), with_place(value));
        write(corpus / "codec" / name("-empty"), with_place(empty));
    });
}

void write_pool_side(const fs::path& corpus)
{
    byte_buffer hello;
    channel::append_frame(hello, frame_kind::hello, channel::hello_id, encoded(a_hello()));
    write(corpus / "pool_side" / "valid-hello", hello);
    byte_buffer all = hello;
    for_each_type([&](std::size_t place, const byte_buffer& value, const byte_buffer&) {
        byte_buffer stream;
        channel::append_frame(stream, frame_kind::result, place, value);
        write(corpus / "pool_side" / ("valid-result-" + std::to_string(place)), stream);
        all.insert(all.end(), stream.begin(), stream.end());
    });
    const auto add_large = [&](std::uint64_t place, std::uint64_t count) {
        byte_buffer payload = encoded(count), stream;
        encode(payload, shared_results().written + 1);
        channel::append_frame(stream, frame_kind::large_result, place, payload);
        write(corpus / "pool_side" / ("valid-large-result-" + std::to_string(place)), stream);
        all.insert(all.end(), stream.begin(), stream.end());
    };
    add_large(4, detail::large_run); // a string
    add_large(6, detail::large_run / sizeof(int));
    add_large(9, detail::large_run / sizeof(point));
    std::uint64_t number = 0;
    for (const auto& exception : an_exception_of_each()) {
        byte_buffer payload;
        detail::encode_exception(payload, exception);
        byte_buffer stream;
        channel::append_frame(stream, frame_kind::failure, number, payload);
        write(corpus / "pool_side" / ("valid-failure-" + std::to_string(number++)), stream);
        all.insert(all.end(), stream.begin(), stream.end());
    }
    write(corpus / "pool_side" / "valid-all", all);
}

/// A call of `text` with a large view.
byte_buffer a_large_call()
{
    byte_buffer call = encoded(std::uint64_t{detail::large_run});
    encode(call, shared_arguments().written + 1);
    encode(call, std::uint64_t{0});
    return call;
}

/// The arguments of a call of each task, in the order of `tasks`.
std::vector<byte_buffer> a_call_of_each()
{
    std::vector<byte_buffer> calls;
    const auto add = [&calls](const auto&... call) { (call.encode_arguments(calls.emplace_back()), ...); };
    using strings = std::vector<std::string>;
    add(task<fuzz::none>(), task<fuzz::add>(1, 2, 3.5), task<join>(strings{"a", "b"}, ", "),
        task<draw>(a_shape(), std::vector<shape>{a_shape(), shape{}}),
        task<count>(std::map<std::string, std::vector<int>>{{"k", {1, 2}}}, std::optional<int>(1)),
        task<pick>(std::string("chosen")), task<text>("some text", U"wide"),
        task<sum>('a', std::vector<double>{1, 2}, std::vector<point>{{1, 2}}, std::vector<std::byte>(3)),
        task<sum_wide>(std::vector<wide>{{{1, 2, 3, 4}}}, 'b'), task<mirror>(a_tree()), task<fail>("why", a_family()));
    return calls;
}

void write_worker_side(const fs::path& corpus)
{
    byte_buffer settings;
    channel::append_frame(settings, frame_kind::settings, 0, encoded(channel::worker_settings{1 << 30}));
    write(corpus / "worker_side" / "valid-settings", settings);
    byte_buffer all = settings;
    const auto add = [&](const std::string& name, std::uint32_t position, const byte_buffer& arguments) {
        const channel::task_call head{.position = position, .run_timeout = 1'000'000};
        byte_buffer stream;
        const auto begin = channel::begin_frame(stream, frame_kind::task, position + 1);
        const bytes head_bytes = std::as_bytes(std::span(&head, 1));
        stream.insert(stream.end(), head_bytes.begin(), head_bytes.end());
        stream.insert(stream.end(), arguments.begin(), arguments.end());
        channel::end_frame(stream, begin);
        write(corpus / "worker_side" / ("valid-" + name), stream);
        all.insert(all.end(), stream.begin(), stream.end());
    };
    std::uint32_t position = 0;
    for (const byte_buffer& arguments : a_call_of_each()) {
        add("task-" + std::to_string(position), position, arguments);
        ++position;
    }
    add("large-task", 6, a_large_call()); // `text`
    write(corpus / "worker_side" / "valid-all", all);
}

void write_frames(const fs::path& corpus)
{
    byte_buffer stream;
    for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 100u, 40u})
        channel::append_frame(stream, frame_kind::result, size, byte_buffer(size, static_cast<std::byte>(size)));
    byte_buffer large = stream;
    channel::append_frame(large, frame_kind::failure, 1, byte_buffer(101)); // beyond the small limit
    const auto with_sizes = [](std::byte limit, const byte_buffer& sizes, const byte_buffer& content) {
        byte_buffer input{limit, static_cast<std::byte>(sizes.size())};
        input.insert(input.end(), sizes.begin(), sizes.end());
        input.insert(input.end(), content.begin(), content.end());
        return input;
    };
    const std::byte small{0}, none{1};
    write(corpus / "frames" / "valid-whole", with_sizes(none, {}, large));
    write(corpus / "frames" / "valid-pieces", with_sizes(none, {std::byte{1}, std::byte{40}, std::byte{3}}, large));
    write(corpus / "frames" / "valid-small", with_sizes(small, {std::byte{7}}, stream));
    write(corpus / "frames" / "valid-too-large", with_sizes(small, {std::byte{16}}, large));
}

} // namespace
} // namespace tandem::fuzz

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: seeds CORPUS\n", stderr);
        return 1;
    }
    using namespace tandem::fuzz;
    const std::filesystem::path corpus = argv[1];
    write_frames(corpus);
    write_codec(corpus);
    write_pool_side(corpus);
    write_worker_side(corpus);
    return 0;
}
