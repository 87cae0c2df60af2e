// A list of downloads: its own work, over downloads, a source, finishers and an observer that do what they may in any
// order.
#include <simulate/scenarios.hpp>

#include <simulate/exploration.hpp>
#include <simulate/thread_executor.hpp>
#include <simulate/world.hpp>

#include <http/list/list_run.hpp>
#include <http/transfer.hpp>
#include <tandem/http/download_list.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace simulate {
namespace lists {
namespace {

namespace asio = boost::asio;
namespace http = tandem::http;
using boost::system::error_code;

struct item_record
{
    bool is_given = false; // by the source
    int begun = 0;
    int downloads = 0; // that ran
    int downloaded = 0;
    int finishes = 0;
    int ended = 0;
    bool failed = false;
};

/// A coroutine that waits until somebody wakes it.
struct sleeper
{
    std::string name;
    std::function<void(error_code)> wake;
};

class list_life final : public thread_host, public http::list_observer
{
public:
    explicit list_life(world& w) : world_(w) {}
    ~list_life() { end_context(); }

    void live();

    asio::execution_context& context() noexcept override { return *context_; }
    bool is_on_thread() const noexcept override { return is_on_thread_; }
    void interleave() override {}
    void post(std::function<void()> handler) override
    {
        if (context_)
            world_.make_ready("a handler", [this, handler = std::move(handler)] {
                is_on_thread_ = true;
                handler();
                is_on_thread_ = false;
            });
    }

private:
    // What the list calls.
    asio::awaitable<std::optional<http::list_item>> next();
    asio::awaitable<http::outcome<http::download_report>> download(http::transfer& by, http::detail::download_request what);
    asio::awaitable<void> finish(http::list_outcome& one);
    void began(std::uint64_t number, const http::list_item& item,
               const std::shared_ptr<const http::download_progress>& progress) override;
    void downloaded(const http::list_outcome& outcome) override;
    void ended(const http::list_outcome& outcome) override;

    template <class Token>
    auto async_sleep(std::string name, Token&& token);
    asio::awaitable<void> sleep(std::string name);
    void tell(const char* what, std::uint64_t number);

    void begin();
    void cancel();
    void complete(const std::exception_ptr& error);
    void check(bool holds, const std::string& what)
    {
        if (!holds && fault_.empty())
            fault_ = what;
    }
    choices& choose() noexcept { return world_.choose(); }
    item_record& record(std::uint64_t number) { return items_.at(number); }
    void check_end();
    void end_context();

    world& world_;
    std::unique_ptr<asio::io_context> context_ = std::make_unique<asio::io_context>(); // of the timers
    std::vector<std::shared_ptr<sleeper>> sleepers_;
    std::shared_ptr<http::transfer> transfer_;
    std::shared_ptr<http::list_run> run_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(); // held by each coroutine
    std::vector<item_record> items_;
    std::string fault_;
    std::size_t parallel_ = 1, max_unfinished_ = 1;
    std::size_t given_ = 0;
    std::size_t downloading_ = 0, unfinished_ = 0;
    int completions_ = 0;
    bool is_on_thread_ = false;
    bool has_source_ended_ = false, is_asked_ = false;
    bool must_end_ = false; // something has ended the list: its error is not null
    bool may_not_begin_ = false;
    bool has_observer_ = false, has_finish_ = false;
    bool is_telling_ = false;
};

// --- what the list calls

template <class Token>
auto list_life::async_sleep(std::string name, Token&& token)
{
    return asio::async_initiate<Token, void(error_code)>(
        [this](auto handler, std::string what) {
            auto slot = asio::get_associated_cancellation_slot(handler);
            auto held = std::make_shared<decltype(handler)>(std::move(handler));
            const auto one = std::make_shared<sleeper>();
            one->name = std::move(what);
            one->wake = [this, self = one.get(), held](error_code error) {
                const auto waiting = held;
                std::erase_if(sleepers_, [self](const auto& each) { return each.get() == self; });
                asio::post(asio::get_associated_executor(*waiting), [waiting, error] { std::move (*waiting)(error); });
            };
            sleepers_.push_back(one);
            if (slot.is_connected())
                slot.assign([weak = std::weak_ptr(one)](asio::cancellation_type type) {
                    const auto asleep = weak.lock();
                    if (asleep && (type & asio::cancellation_type::terminal) != asio::cancellation_type::none)
                        asleep->wake(asio::error::operation_aborted);
                });
        },
        token, std::move(name));
}

asio::awaitable<void> list_life::sleep(std::string name)
{
    error_code error;
    if (!choose().one_in(3))
        co_await async_sleep(std::move(name), asio::redirect_error(asio::use_awaitable, error));
    if (error)
        throw boost::system::system_error(error);
}

asio::awaitable<std::optional<http::list_item>> list_life::next()
{
    const auto alive = alive_;
    check(!std::exchange(is_asked_, true), "the source is asked twice at once");
    check(!has_source_ended_, "the source is asked again after its end");
    check(downloading_ < parallel_, "the source is asked when there is no place");
    struct answer
    {
        bool& is_asked;
        ~answer() { is_asked = false; }
    };
    const answer guard{is_asked_};
    co_await sleep("the source");
    if (choose().one_in(20)) {
        has_source_ended_ = must_end_ = true;
        world_.note("the source throws");
        throw std::runtime_error("the source");
    }
    std::optional<http::list_item> item;
    if (given_ == items_.size()) {
        has_source_ended_ = true;
    } else {
        items_[given_].is_given = true;
        item.emplace();
        item->url = "http://host/" + std::to_string(given_);
        // One whose name leads out of the folder fails.
        item->name = choose().one_in(12) ? "../no" : std::to_string(given_);
        ++given_;
    }
    co_return item;
}

asio::awaitable<http::outcome<http::download_report>> list_life::download(http::transfer& by,
                                                                          http::detail::download_request what)
{
    const auto alive = alive_;
    const auto number = std::stoull(what.url.substr(what.url.rfind('/') + 1));
    const std::string name = "download " + std::to_string(number);
    check(by.get_executor().running_in_this_thread(), name + " does not run on its strand");
    check(++record(number).downloads == 1, name + " runs twice");
    check(++downloading_ <= parallel_, name + " is one too many");
    http::outcome<http::download_report> result;
    if (!by.stopped()) {
        const http::transfer::interrupt_scope scope(by, [&] {
            const auto found = std::ranges::find_if(sleepers_, [&](const auto& each) { return each->name == name; });
            if (found != sleepers_.end())
                std::shared_ptr(*found)->wake(asio::error::operation_aborted);
        });
        error_code error;
        if (!choose().one_in(4))
            co_await async_sleep(name, asio::redirect_error(asio::use_awaitable, error));
    }
    --downloading_;
    world_.note(name + " ends");
    if (by.stopped()) {
        result.error = std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
    } else if (choose().one_in(8)) {
        must_end_ = true;
        result.error = std::make_exception_ptr(boost::system::system_error(ENOSPC, boost::system::system_category()));
    } else if (choose().one_in(4)) {
        result.error = std::make_exception_ptr(std::runtime_error("a download"));
    }
    result.value.bytes = 1;
    co_return result;
}

asio::awaitable<void> list_life::finish(http::list_outcome& one)
{
    const auto alive = alive_;
    const std::string name = "finish " + std::to_string(one.number);
    check(++record(one.number).finishes == 1, name + " runs twice");
    check(!one.error, name + " of a download that failed");
    ++unfinished_;
    struct leaving
    {
        std::size_t& count;
        ~leaving() { --count; }
    };
    const leaving guard{unfinished_};
    co_await sleep(name);
    if (choose().one_in(6))
        throw std::runtime_error("a finish");
}

void list_life::tell(const char* what, std::uint64_t number)
{
    const std::string name = what + (" " + std::to_string(number));
    world_.note(name);
    check(transfer_->get_executor().running_in_this_thread(), name + ": the observer is not called on the list's strand");
    check(!is_telling_, name + ": two calls of the observer at once");
    check(completions_ == 0, name + ": the observer is called after the end");
    if (choose().one_in(30)) {
        must_end_ = true;
        may_not_begin_ = true;
        throw std::runtime_error("the observer");
    }
}

void list_life::began(std::uint64_t number, const http::list_item&, const std::shared_ptr<const http::download_progress>&)
{
    item_record& r = record(number);
    check(++r.begun == 1, "an item begins twice");
    check(!may_not_begin_, "an item begins when the list is to end");
    check(unfinished_ < max_unfinished_, "an item begins when too many are unfinished");
    tell("began", number);
}

void list_life::downloaded(const http::list_outcome& outcome)
{
    item_record& r = record(outcome.number);
    check(++r.downloaded == 1 && r.begun == 1 && r.ended == 0, "an item is not told of in order");
    tell("downloaded", outcome.number);
}

void list_life::ended(const http::list_outcome& outcome)
{
    item_record& r = record(outcome.number);
    check(++r.ended == 1 && r.downloaded == 1, "an item is not told of in order");
    r.failed = outcome.error != nullptr;
    tell("ended", outcome.number);
}

// --- the user

void list_life::begin()
{
    choices& c = choose();
    parallel_ = 1 + c.below(4);
    max_unfinished_ = 1 + c.below(3);
    items_.resize(c.below(9));
    has_finish_ = c.one_in(2);
    has_observer_ = !c.one_in(4);
    http::download_list list;
    list.parallel = parallel_;
    list.max_unfinished = max_unfinished_;
    list.each.existing = http::existing_file::fail; // the others wait for the file system's clock first
    list.next = [this] { return next(); };
    if (has_finish_)
        list.finish = [this](http::list_outcome& one) { return finish(one); };
    if (has_observer_)
        list.observer = std::shared_ptr<http::list_observer>(alive_, this);
    world_.note("a list of " + std::to_string(items_.size()) + ", " + std::to_string(parallel_) + " at once");
    transfer_ = std::make_shared<http::transfer>(asio::any_io_executor(thread_executor(*this)));
    run_ = std::make_shared<http::list_run>(
        [this](http::transfer& by, http::detail::download_request what) { return download(by, std::move(what)); }, transfer_,
        std::move(list));
    // As whoever spawns it does.
    asio::post(transfer_->get_executor(), [this, run = run_, alive = alive_] {
        asio::co_spawn(transfer_->get_executor(), run->run(), [this, run, alive](const std::exception_ptr& error) {
            check(!error, "the list's own work throws");
            transfer_->end();
            complete(run->error());
        });
    });
}

void list_life::cancel()
{
    world_.note("the list is cancelled");
    asio::post(transfer_->get_executor(), [this, by = transfer_] {
        if (completions_ == 0)
            must_end_ = may_not_begin_ = true;
        by->stop(asio::error::operation_aborted);
        for (const auto& each : sleepers_)
            check(each->name.starts_with("download"), each->name + " goes on when the list is cancelled");
    });
}

void list_life::complete(const std::exception_ptr& error)
{
    world_.note("the list completes");
    check(++completions_ == 1, "the list completes twice");
    check(downloading_ == 0 && unfinished_ == 0 && !is_asked_, "the list completes while something is under way");
    check((error != nullptr) == must_end_, error ? "the list fails for no reason" : "the list does not tell what ended it");
    const http::list_report& report = run_->report();
    std::size_t failed = 0, begun = 0;
    for (std::size_t i = 0; i != items_.size(); ++i) {
        const item_record& r = items_[i];
        const std::string name = "item " + std::to_string(i);
        check(!has_observer_ || r.begun == r.ended, name + " has begun, and not ended");
        check(must_end_ || r.is_given, name + " was not asked for");
        begun += static_cast<std::size_t>(r.begun);
        failed += r.failed ? 1 : 0;
    }
    check(!has_observer_ || (report.failed == failed && report.succeeded == begun - failed), "the report is wrong");
    check(must_end_ || report.failed + report.succeeded == items_.size(), "items are missing in the report");
}

// --- the run

void list_life::end_context()
{
    if (!context_)
        return;
    run_.reset();
    transfer_.reset();
    for (auto left = std::exchange(sleepers_, {}); !left.empty(); left.pop_back()) {
    }
    world_.end_context();
    context_.reset();
}

void list_life::check_end()
{
    run_.reset();
    transfer_.reset();
    expect(alive_.use_count() == 1, "something of the list is left");
}

void list_life::live()
{
    choices& c = choose();
    begin();
    int cancellations = c.one_in(3) ? 2 : 0;
    world_.add({.name = "somebody wakes",
                .can = [this] { return !sleepers_.empty(); },
                .act =
                    [this] {
                        const auto chosen = sleepers_[choose().below(sleepers_.size())];
                        world_.note(chosen->name + " goes on");
                        chosen->wake({});
                    }});
    world_.add({.name = "the user",
                .can = [&cancellations] { return cancellations > 0; },
                .act =
                    [this, &cancellations] {
                        --cancellations;
                        if (choose().one_in(2))
                            cancel();
                    }});
    const bool context_ends = c.one_in(5);
    const std::size_t steps = context_ends ? c.below(60) : 20'000;
    std::size_t step = 0;
    for (; step != steps; ++step) {
        context_->restart();
        context_->poll(); // those who wait for a timer that was cancelled
        if (!world_.step())
            break;
        expect(fault_.empty(), fault_);
    }
    if (context_ends) {
        world_.note("the context ends");
    } else {
        expect(step != steps, "the list goes on for ever");
        expect(completions_ == 1, "the list never completes");
    }
    end_context();
    expect(fault_.empty(), fault_);
    check_end();
}

} // namespace
} // namespace lists

void live_as_list(world& w)
{
    lists::list_life(w).live();
}

} // namespace simulate
