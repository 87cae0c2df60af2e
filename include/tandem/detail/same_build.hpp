// A program and the library that it links agree on all that changes the layout of a type that both see, or what a function of
// Asio's does. Where they do not, the program does not link, and the linker's message names what differs:
//   undefined reference to `tandem::needs_a_library_built::with_BOOST_ASIO_ENABLE_HANDLER_TRACKING'
#ifndef TANDEM_DETAIL_SAME_BUILD_HPP
#define TANDEM_DETAIL_SAME_BUILD_HPP

#include <boost/asio/detail/config.hpp>
#include <boost/version.hpp>

#ifndef TANDEM_BUILT // src/same_build.cpp defines the names
// A pointer that neither the compiler nor the linker leaves out. Where two files of a program differ, each has its own.
#define TANDEM_BUILT(name) \
    extern const char name; \
    [[gnu::used, gnu::retain]] inline const char* const needs_##name = &name;
#endif
#define TANDEM_BUILT_WITH_VALUE(macro) TANDEM_BUILT_WITH_PASTED(with_##macro##_, macro)
#define TANDEM_BUILT_WITH_PASTED(name, value) TANDEM_BUILT(name##value)

namespace tandem::needs_a_library_built {

TANDEM_BUILT_WITH_VALUE(BOOST_VERSION)

// The standard library: what containers and strings are.

#ifdef _LIBCPP_VERSION
TANDEM_BUILT(with_libcxx)
#else
TANDEM_BUILT(with_libstdcxx)
#endif

#ifdef _GLIBCXX_DEBUG
TANDEM_BUILT(with_GLIBCXX_DEBUG)
#else
TANDEM_BUILT(without_GLIBCXX_DEBUG)
#endif

#if defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI == 0
TANDEM_BUILT(without_GLIBCXX_USE_CXX11_ABI)
#else
TANDEM_BUILT(with_GLIBCXX_USE_CXX11_ABI)
#endif

// Asio: what handlers, buffers, operations and what runs them are.

#if defined(BOOST_ASIO_ENABLE_HANDLER_TRACKING) || defined(BOOST_ASIO_CUSTOM_HANDLER_TRACKING)
TANDEM_BUILT(with_BOOST_ASIO_ENABLE_HANDLER_TRACKING)
#else
TANDEM_BUILT(without_BOOST_ASIO_ENABLE_HANDLER_TRACKING)
#endif

#ifdef BOOST_ASIO_CUSTOM_HANDLER_TRACKING
TANDEM_BUILT(with_BOOST_ASIO_CUSTOM_HANDLER_TRACKING)
#else
TANDEM_BUILT(without_BOOST_ASIO_CUSTOM_HANDLER_TRACKING)
#endif

// As boost/asio/buffer.hpp has it.
#if defined(BOOST_ASIO_ENABLE_BUFFER_DEBUGGING) || (defined(_GLIBCXX_DEBUG) && !defined(BOOST_ASIO_DISABLE_BUFFER_DEBUGGING))
TANDEM_BUILT(with_BOOST_ASIO_ENABLE_BUFFER_DEBUGGING)
#else
TANDEM_BUILT(without_BOOST_ASIO_ENABLE_BUFFER_DEBUGGING)
#endif

#ifdef BOOST_ASIO_USE_TS_EXECUTOR_AS_DEFAULT
TANDEM_BUILT(with_BOOST_ASIO_USE_TS_EXECUTOR_AS_DEFAULT)
#else
TANDEM_BUILT(without_BOOST_ASIO_USE_TS_EXECUTOR_AS_DEFAULT)
#endif

#ifdef BOOST_ASIO_HAS_THREADS
TANDEM_BUILT(without_BOOST_ASIO_DISABLE_THREADS)
#else
TANDEM_BUILT(with_BOOST_ASIO_DISABLE_THREADS)
#endif

#ifdef BOOST_ASIO_HAS_STD_MUTEX_AND_CONDVAR
TANDEM_BUILT(without_BOOST_ASIO_DISABLE_STD_MUTEX_AND_CONDVAR)
#else
TANDEM_BUILT(with_BOOST_ASIO_DISABLE_STD_MUTEX_AND_CONDVAR)
#endif

#ifdef BOOST_ASIO_HAS_STD_ATOMIC
TANDEM_BUILT(without_BOOST_ASIO_DISABLE_STD_ATOMIC)
#else
TANDEM_BUILT(with_BOOST_ASIO_DISABLE_STD_ATOMIC)
#endif

#ifdef BOOST_ASIO_HAS_EPOLL
TANDEM_BUILT(without_BOOST_ASIO_DISABLE_EPOLL)
#else
TANDEM_BUILT(with_BOOST_ASIO_DISABLE_EPOLL)
#endif

#ifdef BOOST_ASIO_HAS_IO_URING_AS_DEFAULT
TANDEM_BUILT(with_BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)
#else
TANDEM_BUILT(without_BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)
#endif

#ifdef BOOST_ASIO_HAS_EVENTFD
TANDEM_BUILT(without_BOOST_ASIO_DISABLE_EVENTFD)
#else
TANDEM_BUILT(with_BOOST_ASIO_DISABLE_EVENTFD)
#endif

// Asio: what executors can do, and what stands for outstanding work.

#ifdef BOOST_ASIO_NO_TS_EXECUTORS
TANDEM_BUILT(with_BOOST_ASIO_NO_TS_EXECUTORS)
#else
TANDEM_BUILT(without_BOOST_ASIO_NO_TS_EXECUTORS)
#endif

// Asio: what functions of one name return: an error code, in memory of their caller's, or nothing.

#ifdef BOOST_ASIO_NO_DEPRECATED
TANDEM_BUILT(with_BOOST_ASIO_NO_DEPRECATED)
#else
TANDEM_BUILT(without_BOOST_ASIO_NO_DEPRECATED)
#endif

// Asio: who gets memory from whom, and what services are known by.

#ifdef BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING
TANDEM_BUILT(with_BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING)
#else
TANDEM_BUILT(without_BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING)
#endif

#ifdef BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING
TANDEM_BUILT(with_BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
#else
TANDEM_BUILT(without_BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
#endif

#ifndef BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE // as boost/asio/detail/thread_info_base.hpp has it
TANDEM_BUILT(with_BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE_2)
#else
TANDEM_BUILT_WITH_VALUE(BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE)
#endif

#ifdef BOOST_ASIO_NO_TYPEID
TANDEM_BUILT(with_BOOST_ASIO_NO_TYPEID)
#else
TANDEM_BUILT(without_BOOST_ASIO_NO_TYPEID)
#endif

} // namespace tandem::needs_a_library_built

#undef TANDEM_BUILT_WITH_PASTED
#undef TANDEM_BUILT_WITH_VALUE
#undef TANDEM_BUILT

#endif
