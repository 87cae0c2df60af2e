// Functions that cannot be tasks, and arguments that do not fit: see refused.sh.
#include <tandem/task.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

int twice(int number);

// refused: is given more arguments than f has parameters | parameter_list<int>, int, int
const auto too_many = tandem::task<twice>(1, 2);

// refused: is given fewer arguments than f has parameters | parameter_list<int>
int with_default(int number = 1);
const auto too_few = tandem::task<with_default>();

// refused: does not convert to f's parameter | argument_check<int, const char
const auto text_for_number = tandem::task<twice>("text");

// refused: explicitly only | argument_check<.*vector<int.*, int>
int sum(const std::vector<int>& numbers);
const auto number_for_vector = tandem::task<sum>(1'000'000);

// refused: explicitly only | argument_check<.*duration.*, int>
void nap(std::chrono::milliseconds time);
const auto number_for_time = tandem::task<nap>(5);

// refused: may lose its value | argument_check<int, double>
const auto cut = tandem::task<twice>(3.5);

// refused: may lose its value | argument_check<unsigned char, int>
int next(unsigned char byte);
const auto reduced = tandem::task<next>(300);

// refused: may lose its value | argument_check<int, long
const auto shortened = tandem::task<twice>(1L);

// refused: may lose its value | argument_check<bool, const char
int choose(bool yes);
const auto text_for_bool = tandem::task<choose>("no");

// refused: cannot be copied. Move it | argument_check<std::unique_ptr<int
int owner(std::unique_ptr<int> number);
auto not_moved(std::unique_ptr<int> number)
{
    return tandem::task<owner>(number);
}

// refused: must not be generic
const auto generic = tandem::task<[](auto x) { return x; }>(1);

// refused: must not be generic | overloaded
struct overloaded
{
    int operator()(int) const;
    int operator()(double) const;
};
const auto several = tandem::task<overloaded{}>(1);

// refused: must not be mutable
const auto changing = tandem::task<[](int x) mutable { return x; }>(1);

// refused: must not be a member function | &model::run
struct model
{
    int run(int);
    int look(int) const;
    int size;
};
const auto member = tandem::task<&model::run>(model{}, 1);

// refused: must not be a member function | &model::look
const auto const_member = tandem::task<&model::look>(model{}, 1);

// refused: must not be a member function | &model::size
const auto data_member = tandem::task<&model::size>(model{});

// refused: must not take an ellipsis
int print(const char* format, ...);
const auto variadic = tandem::task<print>("");

// refused: needs a function | 42
const auto number = tandem::task<42>(1);

// refused: must not be a reference to non-const | parameter_check<std::vector<int.*>
void fill(std::vector<int>& target);
const auto filled = tandem::task<fill>(std::vector<int>());

// refused: must not be a pointer | parameter_check<const char *[*]>
void say(const char* text);
const auto said = tandem::task<say>("text");

// refused: must not be a pointer | parameter_check<const int *[*]>
inline constexpr auto named_only = tandem::task<[](const int*) {}>;

// refused: must return what owns its elements | result_check<std::basic_string_view<char
std::string_view name(int number);
const auto view = tandem::task<name>(1);

// refused: must return what owns its elements | result_check<std::span<int
std::span<int> part(int number);
const auto span = tandem::task<part>(1);

// refused: must not be a coroutine | result_check<boost::asio::awaitable<int
boost::asio::awaitable<int> later(int number);
const auto coroutine = tandem::task<later>(1);

// refused: a pointer in a value means nothing | pointer, int *[*], int *[*]
int* place(int number);
const auto pointer = tandem::task<place>(1);

// refused: members of a class in a value cannot be seen
inline auto make_lambda(int number)
{
    return [number] { return number; };
}
const auto lambda = tandem::task<make_lambda>(1);
