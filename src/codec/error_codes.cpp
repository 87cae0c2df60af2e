#include <tandem/codec.hpp>
#include <tandem/error.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <functional>
#include <future>
#include <ios>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace tandem::detail {
namespace {

using boost_category = boost::system::error_category;

/// Categories that were registered, by name.
template <class Category>
class registered_categories
{
public:
    void add(const Category& category)
    {
        const std::lock_guard lock(mutex_);
        categories_.push_back(&category);
    }

    const Category* find(std::string_view name) const
    {
        const std::lock_guard lock(mutex_);
        const auto it = std::ranges::find(categories_, name, [](const Category* c) { return c->name(); });
        return it == categories_.end() ? nullptr : *it;
    }

private:
    mutable std::mutex mutex_;
    std::vector<const Category*> categories_;
};

/// Stands for a category that only the other process knows.
template <class Category>
class remote_category final : public Category
{
public:
    explicit remote_category(std::string name) : name_(std::move(name)) {}

    const char* name() const noexcept override { return name_.c_str(); }

    std::string message(int value) const override
    {
        const std::lock_guard lock(mutex_);
        const auto it = texts_.find(value);
        return it == texts_.end() ? name_ + " error " + std::to_string(value) : it->second;
    }

    void keep(int value, std::string_view text)
    {
        const std::lock_guard lock(mutex_);
        if (texts_.size() < max_texts) {
            texts_.try_emplace(value, text.substr(0, max_text_size));
        }
    }

private:
    // A worker is not trusted: what it can make the pool keep is bounded.
    static constexpr std::size_t max_texts = 256;
    static constexpr std::size_t max_text_size = 1024;

    std::string name_;
    mutable std::mutex mutex_;
    std::map<int, std::string> texts_;
};

/// One for each name, as codes are equal where their categories have one address.
template <class Category>
class remote_categories
{
public:
    const Category& with_text(const encoded_code& message)
    {
        const std::lock_guard lock(mutex_);
        auto it = categories_.find(message.category);
        if (it == categories_.end()) {
            if (categories_.size() == max_categories || message.category.size() > max_name_size) {
                throw std::range_error("an error code of an unknown category, of which there are too many");
            }
            it = categories_.try_emplace(message.category, message.category).first;
        }
        it->second.keep(message.value, message.text);
        return it->second;
    }

private:
    static constexpr std::size_t max_categories = 64;
    static constexpr std::size_t max_name_size = 256;

    std::mutex mutex_;
    std::map<std::string, remote_category<Category>, std::less<>> categories_;
};

// Codes may be used, and so their categories must be there, until the program has ended: these are never destroyed.
template <class Category>
registered_categories<Category>& registered()
{
    static auto& categories = *new registered_categories<Category>;
    return categories;
}

template <class Category>
remote_categories<Category>& remote()
{
    static auto& categories = *new remote_categories<Category>;
    return categories;
}

const std::error_category* find(std::type_identity<std::error_category>, std::string_view name)
{
    return find_std_category(name);
}

const boost_category* find(std::type_identity<boost_category>, std::string_view name)
{
    return find_boost_category(name);
}

template <class Category, class Code>
encoded_code describe(const Code& code)
{
    const Category& category = code.category();
    const bool is_known = find(std::type_identity<Category>(), category.name()) == &category;
    return {std::is_same_v<Category, std::error_category>, category.name(), code.value(),
            is_known ? std::string() : code.message()};
}

template <class Category>
const Category& category_of(const encoded_code& message)
{
    const Category* const known = find(std::type_identity<Category>(), message.category);
    return known ? *known : remote<Category>().with_text(message);
}

// The category of a boost::system::error_code that holds a std::error_code. It has no other mark.
bool holds_std_code(const boost::system::error_code& code)
{
    return code.category().name() == std::string_view("std:unknown");
}

} // namespace

const std::error_category* find_std_category(std::string_view name)
{
    for (const std::error_category* category :
         {&std::generic_category(), &std::system_category(), &std::iostream_category(), &std::future_category()}) {
        if (category->name() == name) {
            return category;
        }
    }
    if (const std::error_category* const category = registered<std::error_category>().find(name)) {
        return category;
    }
    // Boost has a std::error_category for each of its own.
    const boost_category* const category = find_boost_category(name);
    return category ? &static_cast<const std::error_category&>(*category) : nullptr;
}

const boost_category* find_boost_category(std::string_view name)
{
    namespace error = boost::asio::error;
    for (const boost_category* category :
         {&boost::system::generic_category(), &boost::system::system_category(), &tandem_category(),
          &error::get_misc_category(), &error::get_netdb_category(), &error::get_addrinfo_category()}) {
        if (category->name() == name) {
            return category;
        }
    }
    return registered<boost_category>().find(name);
}

encoded_code to_message(const std::error_code& code)
{
    return describe<std::error_category>(code);
}

encoded_code to_message(const std::error_condition& condition)
{
    return describe<std::error_category>(condition);
}

encoded_code to_message(const boost::system::error_code& code)
{
    return holds_std_code(code) ? to_message(static_cast<std::error_code>(code)) : describe<boost_category>(code);
}

encoded_code to_message(const boost::system::error_condition& condition)
{
    return describe<boost_category>(condition);
}

void from_message(const encoded_code& message, std::error_code& code)
{
    code.assign(message.value, category_of<std::error_category>(message));
}

void from_message(const encoded_code& message, std::error_condition& condition)
{
    condition.assign(message.value, category_of<std::error_category>(message));
}

void from_message(const encoded_code& message, boost::system::error_code& code)
{
    if (message.is_std) {
        code = std::error_code(message.value, category_of<std::error_category>(message));
    } else {
        code.assign(message.value, category_of<boost_category>(message));
    }
}

void from_message(const encoded_code& message, boost::system::error_condition& condition)
{
    condition.assign(message.value, category_of<boost_category>(message));
}

} // namespace tandem::detail

namespace tandem {

void register_error_category(const std::error_category& category)
{
    detail::registered<std::error_category>().add(category);
}

void register_error_category(const boost::system::error_category& category)
{
    detail::registered<boost::system::error_category>().add(category);
}

} // namespace tandem
