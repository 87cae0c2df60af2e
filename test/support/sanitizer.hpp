// Whether AddressSanitizer or ThreadSanitizer is built in: both slow a program down, and take what it would have.
#ifndef TANDEM_TEST_SUPPORT_SANITIZER_HPP
#define TANDEM_TEST_SUPPORT_SANITIZER_HPP

#if defined(__SANITIZE_ADDRESS__)
#define TANDEM_TEST_ADDRESS_SANITIZED 1
#elif defined(__SANITIZE_THREAD__)
#define TANDEM_TEST_THREAD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TANDEM_TEST_ADDRESS_SANITIZED 1
#elif __has_feature(thread_sanitizer)
#define TANDEM_TEST_THREAD_SANITIZED 1
#endif
#endif

namespace test {

#ifdef TANDEM_TEST_ADDRESS_SANITIZED
inline constexpr bool address_sanitized = true;
#else
inline constexpr bool address_sanitized = false;
#endif

#ifdef TANDEM_TEST_THREAD_SANITIZED
inline constexpr bool thread_sanitized = true;
#else
inline constexpr bool thread_sanitized = false;
#endif

inline constexpr bool sanitized = address_sanitized || thread_sanitized;

} // namespace test

#endif
