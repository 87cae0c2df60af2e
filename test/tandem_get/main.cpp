#include <boost/test/unit_test.hpp>

#include <csignal>

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN); // a child that ends early is part of a test
    return boost::unit_test::unit_test_main([] { return true; }, argc, argv);
}
