#define BOOST_TEST_MODULE process_pool
#include <boost/test/unit_test.hpp>
