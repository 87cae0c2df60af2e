// Error codes across the border: by their category's name, as its address means nothing in another process.
#ifndef TANDEM_DETAIL_ERROR_CODES_HPP
#define TANDEM_DETAIL_ERROR_CODES_HPP

#include <tandem/detail/archive.hpp>

#include <cereal/types/string.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace tandem::detail {

/// The category of that name, or nullptr: the standard's, Boost's, Asio's, tandem's, and those that were registered.
const std::error_category* find_std_category(std::string_view name);
const boost::system::error_category* find_boost_category(std::string_view name);

/// A code or a condition on its way.
struct encoded_code
{
    bool is_std = false; ///< a boost::system::error_code may hold a std::error_code
    std::string category;
    std::int32_t value = 0;
    std::string text; ///< empty where the category is known by its name
};

encoded_code to_message(const std::error_code& code);
encoded_code to_message(const std::error_condition& condition);
encoded_code to_message(const boost::system::error_code& code);
encoded_code to_message(const boost::system::error_condition& condition);

/// Unknown categories get a substitute, which has the name and the text.
void from_message(const encoded_code& message, std::error_code& code);
void from_message(const encoded_code& message, std::error_condition& condition);
void from_message(const encoded_code& message, boost::system::error_code& code);
void from_message(const encoded_code& message, boost::system::error_condition& condition);

template <class T>
inline constexpr bool is_error_code =
    std::is_same_v<T, std::error_code> || std::is_same_v<T, std::error_condition> ||
    std::is_same_v<T, boost::system::error_code> || std::is_same_v<T, boost::system::error_condition>;

template <class T>
    requires is_error_code<T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const T& code)
{
    const encoded_code message = to_message(code);
    ar(message.is_std, message.category, message.value, message.text);
}

template <class T>
    requires is_error_code<T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, T& code)
{
    encoded_code message;
    ar(message.is_std, message.category, message.value, message.text);
    from_message(message, code);
}

} // namespace tandem::detail

#endif
