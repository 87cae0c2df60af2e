// A program that uses as little of tandem as there is.
#include <tandem/cpu_count.hpp>

int main()
{
    return tandem::usable_cpus() == 0;
}
