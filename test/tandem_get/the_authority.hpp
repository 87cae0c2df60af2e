#ifndef TANDEM_TEST_TANDEM_GET_THE_AUTHORITY_HPP
#define TANDEM_TEST_TANDEM_GET_THE_AUTHORITY_HPP

#include "http/certificates.hpp"

namespace test {

/// The one that tandem-get is told to trust.
inline const authority& the_authority()
{
    static const authority one;
    return one;
}

} // namespace test

#endif
