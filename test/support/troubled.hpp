// A value whose serialization throws where it is told to.
#ifndef TANDEM_TEST_SUPPORT_TROUBLED_HPP
#define TANDEM_TEST_SUPPORT_TROUBLED_HPP

#include <stdexcept>

namespace test {

class troubled
{
public:
    enum moment
    {
        never,
        when_saved,
        when_loaded
    };

    troubled() = default;
    explicit troubled(moment when) : when_(when) {}

    template <class Archive>
    void save(Archive& archive) const
    {
        if (when_ == when_saved)
            throw std::runtime_error("trouble with saving");
        archive(static_cast<int>(when_));
    }

    template <class Archive>
    void load(Archive& archive)
    {
        int when = 0;
        archive(when);
        when_ = static_cast<moment>(when);
        if (when_ == when_loaded)
            throw std::runtime_error("trouble with loading");
    }

private:
    moment when_ = never;
};

int take_troubled(troubled value);
troubled make_troubled(troubled::moment when);

} // namespace test

#endif
