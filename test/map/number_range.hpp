// Ranges of integers whose iterators run a test's own code. A view of std does as well, but clang before 16 cannot compile
// those of gcc's library.
#ifndef TANDEM_TEST_MAP_NUMBER_RANGE_HPP
#define TANDEM_TEST_MAP_NUMBER_RANGE_HPP

#include <cstddef>
#include <iterator>

namespace test {

/// Of a range that has `int at(int number) const`, and `bool ends_at(int number) const` where a sentinel is its end.
template <class Range>
class number_iterator
{
public:
    using value_type = int;
    using difference_type = std::ptrdiff_t;

    number_iterator() = default;
    number_iterator(const Range& range, int number) : range_(&range), number_(number) {}

    int operator*() const { return range_->at(number_); }
    number_iterator& operator++()
    {
        ++number_;
        return *this;
    }
    number_iterator operator++(int)
    {
        const number_iterator old = *this;
        ++number_;
        return old;
    }
    bool operator==(const number_iterator& other) const { return number_ == other.number_; }
    bool operator==(std::default_sentinel_t) const { return range_->ends_at(number_); }

private:
    const Range* range_ = nullptr;
    int number_ = 0;
};

/// element(0) to element(count - 1), each called when it is read. Its size is known.
template <class Element>
class numbers
{
public:
    numbers(int count, Element element) : count_(count), element_(element) {}

    auto begin() const { return number_iterator(*this, 0); }
    auto end() const { return number_iterator(*this, count_); }
    std::size_t size() const { return static_cast<std::size_t>(count_); }
    int at(int number) const { return element_(number); }

private:
    int count_;
    Element element_;
};

/// 0, 1, 2 and so on, as long as the condition holds for the next. Its size is not known.
template <class Condition>
class numbers_while
{
public:
    explicit numbers_while(Condition condition) : condition_(condition) {}

    auto begin() const { return number_iterator(*this, 0); }
    std::default_sentinel_t end() const { return {}; }
    int at(int number) const { return number; }
    bool ends_at(int number) const { return !condition_(number); }

private:
    Condition condition_;
};

} // namespace test

#endif
