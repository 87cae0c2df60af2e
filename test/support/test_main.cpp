// The main of every test program: it may be started as its own worker.
#include <tandem/worker.hpp>

#include <boost/test/unit_test.hpp>

int main(int argc, char** argv)
{
    tandem::run_if_worker();
    return boost::unit_test::unit_test_main([] { return true; }, argc, argv);
}
