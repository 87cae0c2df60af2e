// What must not compile, and with which words. Behind each case: a part of the
// sentence, and a regular expression for the type that it names.
#include <tandem/task.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <variant>
#include <vector>

template <class T>
T returns()
{
    return T{};
}

template <class T>
void takes(const T&)
{
}

template <class T>
void result()
{
    tandem::task<returns<T>>();
    tandem::bound_task<&returns<T>>::entry();
}

template <class T>
void argument(const T& value)
{
    tandem::byte_buffer bytes;
    tandem::task<takes<T>>(value).encode_arguments(bytes);
}

struct named
{
    int number;
    std::string_view name;
};


struct deep
{
    std::string text;
    std::map<int, std::vector<std::optional<std::pair<int, named>>>> all;
    int* after; // the first one is named
};
struct deeper
{
    std::variant<int, deep> inner;
};
template void result<deeper>(); // refused: Write std::string. | text_view, std::basic_string_view<char>, named

struct outer_text
{
    std::wstring_view text;
};
template void argument<std::tuple<int, outer_text>>(const std::tuple<int, outer_text>&); // refused: Write std::string. | text_view, std::basic_string_view<wchar_t>, outer_text

template void result<std::vector<std::string_view>>(); // refused: Write std::string. | text_view, std::basic_string_view<char>, std::vector<std::basic_string_view<char>
template void argument<std::optional<std::string_view>>(const std::optional<std::string_view>&); // refused: Write std::string. | text_view, std::basic_string_view<char>, std::optional<std::basic_string_view<char>

struct spanning
{
    std::span<const int> numbers;
};
template void argument<std::vector<spanning>>(const std::vector<spanning>&); // refused: or std::array. | element_view, std::span<const int.*>, spanning

template struct tandem::detail::parameter<std::span<int>>; // refused: or std::array. | element_view, std::span<int.*>, std::span<int.*>

struct listed
{
    std::shared_ptr<std::initializer_list<int>> list;
};
template void argument<listed>(const listed&); // refused: or std::array. | element_view, std::initializer_list<int>, std::shared_ptr<std::initializer_list<int>

struct pointing
{
    char name[8];
    const int* number;
};
template void result<pointing>(); // refused: Write the value itself, an index | pointer, const int *[*], pointing

struct nested_in_array
{
    struct
    {
        void* context;
    } entries[2];
};
template void argument<nested_in_array>(const nested_in_array&); // refused: Write the value itself, an index | pointer, void *[*], nested_in_array

struct recursive
{
    std::vector<recursive> children;
    std::unique_ptr<char*> text;
};
template void argument<std::shared_ptr<recursive>>(const std::shared_ptr<recursive>&); // refused: Write the value itself, an index | pointer, char *[*], std::unique_ptr<char *[*]

struct calling
{
    int (*function)(int);
};
template void argument<calling>(const calling&); // refused: Write an enumeration | function, int [(][*][)][(]int[)], calling

struct selecting
{
    int pointing::* member;
};
template void argument<selecting>(const selecting&); // refused: Write an enumeration | function, int pointing::[*], selecting

struct deferred
{
    std::function<void()> action;
};
template void result<std::vector<deferred>>(); // refused: Write an enumeration | function, std::function<void *[(][)]>, deferred

int one = 1;
struct referring
{
    int& number = one;
};
template void argument<referring>(const referring&); // refused: std::reference_wrapper in a value | reference, int *&, referring

struct without_default
{
    const std::string& text;
};
template void argument<without_default>(const without_default&); // refused: std::reference_wrapper in a value | reference, const std::.*string.* *&, without_default

template void argument<std::reference_wrapper<int>>(const std::reference_wrapper<int>&); // refused: std::reference_wrapper in a value | reference, std::reference_wrapper<int>, std::reference_wrapper<int>

class window : public std::ranges::view_base
{
public:
    const int* begin() const { return begin_; }
    const int* end() const { return begin_ + 1; }

private:
    const int* begin_ = nullptr;
};
struct ranging
{
    window numbers;
};
template void argument<ranging>(const ranging&); // refused: Write a container | range_view, window, ranging

struct standing
{
    std::vector<int>::const_iterator place;
};
template void argument<standing>(const standing&); // refused: Write an index. | iterator, __gnu_cxx::__normal_iterator<const int *[*], std::vector<int.*>, standing

class closed
{
public:
    closed() = default;
    int value() const { return value_; }

private:
    int value_ = 0;
};
template void result<std::variant<std::monostate, closed>>(); // refused: or specialize tandem::travels_as_bytes | unseen_bytes, closed, std::variant<std::monostate, closed>

struct derived : pointing
{
    int more;
};
template void result<derived>(); // refused: or specialize tandem::travels_as_bytes | unseen_bytes, derived, derived

union either
{
    int number;
    float real;
};
struct with_union
{
    int kind;
    either value;
};
template void argument<with_union>(const with_union&); // refused: or specialize tandem::travels_as_bytes | unseen_bytes, either, with_union

struct running
{
    std::unique_ptr<std::thread> thread;
};
template void result<running>(); // refused: cereal's serialize (or save and load). | unseen_members, std::thread, std::unique_ptr<std::thread

class serialized // what its serialize gives to the archive is found too
{
public:
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(name_, kind_);
    }

private:
    std::string_view name_;
    closed kind_;
};
template void argument<serialized>(const serialized&); // refused: Write std::string. | text_view, std::basic_string_view<char>, std::basic_string_view<char>
// refused: or specialize tandem::travels_as_bytes | unseen_bytes, closed, closed

template struct tandem::detail::parameter<const char*>; // refused: a task's parameter must not be a pointer | parameter<const char *[*]>
template struct tandem::detail::parameter<std::string&>; // refused: must not be a reference to non-const | parameter<std::.*string.*&>
