#ifndef TANDEM_SRC_HTTP_EXCHANGE_NETRC_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_NETRC_HPP

#include <tandem/http/options.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::http {

/// The logins of a file such as ~/.netrc.
class netrc
{
public:
    /// Throws `boost::system::system_error` where it cannot be read, or is over 1 MiB.
    static netrc read(const std::filesystem::path& file);

    /// What is not understood is passed over.
    static netrc parse(std::string_view text);

    /// The first one for `host`, in letters of any case, and for `user` where one is given; else the default, where it
    /// may be that.
    std::optional<credentials> find(std::string_view host, const std::optional<std::string>& user,
                                    bool may_be_default) const;

private:
    struct entry
    {
        std::optional<std::string> host{}; ///< none: the default
        std::optional<std::string> user{};
        std::optional<std::string> password{};
    };

    std::vector<entry> entries_;
};

} // namespace tandem::http

#endif
