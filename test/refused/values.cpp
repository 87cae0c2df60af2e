// Values that cannot travel: see refused.sh.
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

// refused: Write std::string. | text_view, std::basic_string_view<char>, named
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
template void result<deeper>();

// refused: Write std::string. | text_view, std::basic_string_view<wchar_t>, outer_text
struct outer_text
{
    std::wstring_view text;
};
template void argument<std::tuple<int, outer_text>>(const std::tuple<int, outer_text>&);

// refused: Write std::string. | text_view, std::basic_string_view<char>, std::vector<std::basic_string_view<char>
template void result<std::vector<std::string_view>>();

// refused: Write std::string. | text_view, std::basic_string_view<char>, std::optional<std::basic_string_view<char>
template void argument<std::optional<std::string_view>>(const std::optional<std::string_view>&);

// refused: or std::array. | element_view, std::span<const int.*>, spanning
struct spanning
{
    std::span<const int> numbers;
};
template void argument<std::vector<spanning>>(const std::vector<spanning>&);

// refused: or std::array. | element_view, std::span<int.*>, std::span<int.*>
template struct tandem::detail::parameter_check<std::span<int>>;

// refused: or std::array. | element_view, std::initializer_list<int>, std::shared_ptr<std::initializer_list<int>
struct listed
{
    std::shared_ptr<std::initializer_list<int>> list;
};
template void argument<listed>(const listed&);

// refused: Write the value itself, an index | pointer, const int *[*], pointing
struct pointing
{
    char name[8];
    const int* number;
};
template void result<pointing>();

// refused: Write the value itself, an index | pointer, void *[*], nested_in_array
struct nested_in_array
{
    struct
    {
        void* context;
    } entries[2];
};
template void argument<nested_in_array>(const nested_in_array&);

// refused: Write the value itself, an index | pointer, char *[*], std::unique_ptr<char *[*]
struct recursive
{
    std::vector<recursive> children;
    std::unique_ptr<char*> text;
};
template void argument<std::shared_ptr<recursive>>(const std::shared_ptr<recursive>&);

// refused: Write an enumeration | function, int [(][*][)][(]int[)], calling
struct calling
{
    int (*function)(int);
};
template void argument<calling>(const calling&);

// refused: Write an enumeration | function, int pointing::[*], selecting
struct selecting
{
    int pointing::* member;
};
template void argument<selecting>(const selecting&);

// refused: Write an enumeration | function, std::function<void *[(][)]>, deferred
struct deferred
{
    std::function<void()> action;
};
template void result<std::vector<deferred>>();

// refused: std::reference_wrapper in a value | reference, int *&, referring
int one = 1;
struct referring
{
    int& number = one;
};
template void argument<referring>(const referring&);

// refused: std::reference_wrapper in a value | reference, const std::.*string.* *&, without_default
struct without_default
{
    const std::string& text;
};
template void argument<without_default>(const without_default&);

// refused: std::reference_wrapper in a value | reference, std::reference_wrapper<int>, std::reference_wrapper<int>
template void argument<std::reference_wrapper<int>>(const std::reference_wrapper<int>&);

// refused: Write a container | range_view, window, ranging
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
template void argument<ranging>(const ranging&);

// refused: Write an index. | iterator, __gnu_cxx::__normal_iterator<const int *[*], std::vector<int.*>, standing
struct standing
{
    std::vector<int>::const_iterator place;
};
template void argument<standing>(const standing&);

// refused: or specialize tandem::travels_as_bytes | unseen_bytes, closed, std::variant<std::monostate, closed>
class closed
{
public:
    closed() = default;
    int value() const { return value_; }

private:
    int value_ = 0;
};
template void result<std::variant<std::monostate, closed>>();

// refused: Make the base its first member | base_class_bytes, derived, derived
struct derived : pointing
{
    int more;
};
template void result<derived>();

// refused: Make the base its first member | base_class, derived_text, std::vector<derived_text
struct base_text
{
    std::string text;
};
struct derived_text : base_text
{
    int more;
};
template void argument<std::vector<derived_text>>(const std::vector<derived_text>&);

// refused: more than 64 members | too_many_members, large, large
struct large
{
    std::string text;
    // clang-format off
    int a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3, d4, d5, d6,
        d7, e0, e1, e2, e3, e4, e5, e6, e7, f0, f1, f2, f3, f4, f5, f6, f7, g0, g1, g2, g3, g4, g5, g6, g7, h0, h1, h2, h3, h4, h5,
        h6, h7;
    // clang-format on
};
template void result<large>();

// refused: with virtual functions | virtual_functions, shape, std::vector<shape
class shape
{
public:
    virtual ~shape() = default;
};
struct scene
{
    std::vector<shape> shapes;
};
template void argument<scene>(const scene&);

// refused: needs a default constructor | no_default_constructor, point, point
struct point
{
    explicit point(int);
    int x;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(x);
    }
};
int takes_point(point);
const auto of_a_point = tandem::task<takes_point>(point(1));

// refused: needs a default constructor | no_default_constructor, point, std::array<point
struct named_point
{
    std::string name;
    std::array<point, 2> place;
};
int takes_named_point(const named_point&);
auto named_point_task(const named_point& value)
{
    return tandem::task<takes_named_point>(value);
}

// refused: needs a default constructor | no_default_constructor, point, std::vector<point
std::vector<point> make_points();
const auto points = tandem::task<make_points>();

// refused: needs a default constructor | no_default_constructor, point, std::map<int, point
int takes_map(const std::map<int, point>&);
const auto of_a_map = tandem::task<takes_map>(std::map<int, point>());

// refused: needs a default constructor | no_default_constructor, point, std::optional<point
int takes_optional(std::optional<point>);
const auto of_an_optional = tandem::task<takes_optional>(std::nullopt);

// refused: needs a default constructor | no_default_constructor, point, std::shared_ptr<point
int takes_shared(std::shared_ptr<point>);
const auto of_a_shared = tandem::task<takes_shared>(nullptr);

// refused: needs a default constructor | no_default_constructor, shy, shy
class shy
{
public:
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(value_);
    }

private:
    shy();
    std::string value_;
};
int takes_shy(const shy&);
auto shy_task(const shy& value)
{
    return tandem::task<takes_shy>(value);
}

// refused: cereal::access as a friend | unseen_members, hidden, hidden
class hidden
{
public:
    hidden();

private:
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(value_);
    }
    std::string value_;
};
template void argument<hidden>(const hidden&);

// refused: (or both save and load) | parameter_check<const half
class half
{
public:
    half();
    template <class Archive>
    void save(Archive& archive) const
    {
        archive(value_);
    }

private:
    int value_;
};
template void argument<half>(const half&);

// refused: or specialize tandem::travels_as_bytes | unseen_bytes, either, with_union
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
template void argument<with_union>(const with_union&);

// refused: or no constructor and no private members | unseen_members, std::thread, std::unique_ptr<std::thread
struct running
{
    std::unique_ptr<std::thread> thread;
};
template void result<running>();

// refused: Write std::string. | text_view, std::basic_string_view<char>, std::basic_string_view<char>
class serialized // what its serialize gives to the archive is found too
{
public:
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(name_);
    }

private:
    std::string_view name_;
};
template void argument<serialized>(const serialized&);

// refused: or specialize tandem::travels_as_bytes | unseen_bytes, closed, closed
class serialized_deep
{
public:
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(kind_);
    }

private:
    closed kind_;
};
template void argument<serialized_deep>(const serialized_deep&);
