#include <tandem/http/options.hpp>

#include <cstdlib>
#include <initializer_list>

namespace tandem::http {
namespace {

/// The first that is set and not empty.
std::string first_of(std::initializer_list<const char*> names)
{
    for (const char* name : names) {
        const char* value = std::getenv(name);
        if (value && *value != '\0') {
            return value;
        }
    }
    return {};
}

} // namespace

proxy_options proxy_options::from_environment()
{
    return {first_of({"http_proxy", "all_proxy", "ALL_PROXY"}),
            first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}), first_of({"no_proxy", "NO_PROXY"})};
}

} // namespace tandem::http
