// The worker's end of the pipes.
#include <worker/frame_stream.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

BOOST_AUTO_TEST_CASE(the_memory_of_a_large_result_is_given_back)
{
    const int nowhere = ::open("/dev/null", O_RDWR);
    tandem::worker::frame_stream frames(nowhere, nowhere);
    frames.outgoing().resize(5'000'000);
    frames.flush();
    BOOST_TEST(frames.outgoing().empty());
    BOOST_TEST(frames.outgoing().capacity() <= std::size_t{1} << 20);
    ::close(nowhere);
}
