#include "http/list/list_run.hpp"

#include "http/client_state.hpp"
#include "http/download/download.hpp"
#include "http/list/list_clock.hpp"

#include <tandem/http/file_name.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace asio = boost::asio;

namespace tandem::http {
namespace {

std::exception_ptr aborted()
{
    return std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
}

/// Then nothing that is begun now can succeed.
bool is_disk_full(const std::exception_ptr& error)
{
    const auto is_one = [](int value) { return value == ENOSPC || value == EDQUOT; };
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& e) {
        return e.code().category() == boost::system::system_category() && is_one(e.code().value());
    } catch (const std::system_error& e) {
        return e.code().category() == std::system_category() && is_one(e.code().value());
    } catch (...) {
        return false;
    }
}

/// Nothing where the name leads out of the folder.
std::optional<std::filesystem::path> target_of(const download_list& list, const list_item& item)
{
    const std::filesystem::path& name = item.name;
    if (name.is_absolute() || std::find(name.begin(), name.end(), "..") != name.end()) {
        return std::nullopt;
    }
    if (name.empty()) {
        return list.each.content_disposition ? list.folder : list.folder / file_name(item.url);
    }
    return list.folder / name;
}

/// Its parameters are held by itself: what ends with it when the context does may still need them.
asio::awaitable<outcome<download_report>> download_one(item_download download, std::shared_ptr<transfer> control,
                                                       detail::download_request what)
{
    if (what.target.empty()) {
        outcome<download_report> result;
        result.error =
            std::make_exception_ptr(download_error(make_error_code(boost::system::errc::invalid_argument), what.url, 0,
                                                   "the name is not one below the list's folder"));
        co_return result;
    }
    outcome<download_report> result = co_await download(*control, std::move(what));
    control->end();
    co_return result;
}

asio::awaitable<void> run_finish(std::shared_ptr<const list_run> /*alive*/,
                                 const std::function<asio::awaitable<void>(list_outcome&)>& finish,
                                 std::shared_ptr<list_outcome> one)
{
    co_await finish(*one);
}

asio::awaitable<outcome<list_report>> run_list(std::shared_ptr<detail::client_state> client,
                                               std::shared_ptr<transfer> control, download_list what)
{
    const auto start = std::chrono::steady_clock::now();
    item_download each = [client = std::move(client)](transfer& item_control, detail::download_request item) {
        return download(*client, item_control, std::move(item));
    };
    const auto running = std::make_shared<list_run>(std::move(each), std::move(control), std::move(what));
    co_await running->run();
    outcome<list_report> result{running->error(), running->report()};
    result.value.elapsed = std::chrono::steady_clock::now() - start;
    co_return result;
}

} // namespace

list_run::list_run(item_download download, std::shared_ptr<transfer> control, download_list what)
    : download_(std::move(download)), control_(std::move(control)), list_(std::move(what)),
      room_(control_->get_executor()), over_(control_->get_executor())
{
    room_.expires_at(asio::steady_timer::time_point::max());
    over_.expires_at(asio::steady_timer::time_point::max());
}

asio::awaitable<void> list_run::run()
{
    transfer::interrupt_scope scope(*control_, [this] { cancel_all(); });
    pulling_ = true;
    asio::co_spawn(
        control_->get_executor(), pull(shared_from_this()),
        asio::bind_cancellation_slot(stop_pulling_.slot(), [self = shared_from_this()](std::exception_ptr error) {
            self->pulling_ = false;
            if (error) {
                self->end_with(std::move(error));
            }
            self->over_.cancel();
        }));
    if (control_->stopped()) {
        cancel_all();
    }
    while (pulling_ || !downloads_.empty() || !finishes_.empty()) {
        boost::system::error_code woken;
        co_await over_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    if (control_->stopped()) {
        error_ = aborted();
    }
}

asio::awaitable<void> list_run::pull(std::shared_ptr<list_run> /*alive*/)
{
    if (list_.each.existing == existing_file::replace || list_.each.existing == existing_file::skip_if_same) {
        list_.each.not_written_since = co_await next_file_time(*control_, list_.folder);
    }
    for (;;) {
        co_await wait_for_room();
        if (stopping_) {
            co_return;
        }
        std::optional<list_item> item = co_await list_.next();
        if (!item) {
            co_return;
        }
        co_await wait_for_room(); // files that came meanwhile may have to be finished first
        if (stopping_) {
            co_return;
        }
        begin(std::move(*item));
    }
}

asio::awaitable<void> list_run::wait_for_room()
{
    while (!stopping_ && !has_room()) {
        boost::system::error_code woken;
        co_await room_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

bool list_run::has_room() const noexcept
{
    return downloads_.size() < std::max<std::size_t>(list_.parallel, 1) &&
           finishes_.size() < std::max<std::size_t>(list_.max_unfinished, 1);
}

void list_run::begin(list_item item)
{
    auto one = std::make_shared<list_outcome>();
    one->number = next_number_++;
    one->item = std::move(item);
    const auto options = std::make_shared<download_options>(list_.each);
    options->expected = one->item.expected;
    options->mirrors = one->item.mirrors;
    options->content_disposition = list_.each.content_disposition && one->item.name.empty();
    options->progress = list_.observer ? std::make_shared<download_progress>() : nullptr;
    detail::download_request what{one->item.url, target_of(list_, one->item).value_or(std::filesystem::path()), options};
    if (one->item.name.has_parent_path()) {
        // If it cannot be made, the download says so.
        std::error_code ignored;
        std::filesystem::create_directories(what.target.parent_path(), ignored);
    }
    tell([&](list_observer& observer) { observer.began(one->number, one->item, options->progress); });

    const auto place =
        downloads_.insert(downloads_.end(), std::make_shared<transfer>(control_->get_executor().get_inner_executor()));
    asio::co_spawn(
        (*place)->get_executor(), download_one(download_, *place, std::move(what)),
        asio::bind_executor(control_->get_executor(), [self = shared_from_this(), place,
                                                       one](std::exception_ptr error, outcome<download_report> result) {
            self->downloads_.erase(place);
            one->error = error ? std::move(error) : std::move(result.error);
            one->report = std::move(result.value);
            self->downloaded(one);
            self->room_.cancel();
            self->over_.cancel();
        }));
}

void list_run::downloaded(const outcome_ptr& one)
{
    tell([&](list_observer& observer) { observer.downloaded(*one); });
    if (!one->error && list_.finish && control_->stopped()) {
        one->error = aborted();
    }
    if (one->error || !list_.finish) {
        ended(*one);
    } else {
        start_finish(one);
    }
}

void list_run::start_finish(const outcome_ptr& one)
{
    const auto place = finishes_.insert(finishes_.end(), std::make_shared<asio::cancellation_signal>());
    asio::co_spawn(control_->get_executor(), run_finish(shared_from_this(), list_.finish, one),
                   asio::bind_cancellation_slot((*place)->slot(),
                                                [self = shared_from_this(), place, one](std::exception_ptr error) {
                                                    if (error) {
                                                        one->error = std::move(error);
                                                    }
                                                    self->finishes_.erase(place);
                                                    self->ended(*one);
                                                    self->room_.cancel();
                                                    self->over_.cancel();
                                                }));
}

void list_run::ended(const list_outcome& one)
{
    if (one.error) {
        ++report_.failed;
        if (is_disk_full(one.error)) {
            end_with(one.error);
        }
    } else {
        ++report_.succeeded;
        report_.skipped += one.report.skipped ? 1 : 0;
        report_.bytes += one.report.bytes;
    }
    report_.received += one.report.received;
    tell([&](list_observer& observer) { observer.ended(one); });
}

void list_run::end_with(std::exception_ptr reason)
{
    if (!error_) {
        error_ = std::move(reason);
    }
    stopping_ = true;
    room_.cancel();
}

void list_run::cancel_all()
{
    stopping_ = true;
    room_.cancel();
    stop_pulling_.emit(asio::cancellation_type::terminal);
    for (const std::shared_ptr<transfer>& each : downloads_) {
        asio::post(each->get_executor(), [each] { each->stop(asio::error::operation_aborted); });
    }
    // One that ends within the emission is no longer in the list, and its signal is still being emitted.
    const std::vector<std::shared_ptr<asio::cancellation_signal>> finishes(finishes_.begin(), finishes_.end());
    for (const std::shared_ptr<asio::cancellation_signal>& each : finishes) {
        each->emit(asio::cancellation_type::terminal);
    }
}

template <class Call>
void list_run::tell(Call&& call)
{
    if (!list_.observer) {
        return;
    }
    try {
        call(*list_.observer);
    } catch (...) {
        end_with(std::current_exception());
    }
}

namespace detail {

std::shared_ptr<operation> make_operation(std::shared_ptr<client_state> client, download_list what,
                                          completion_ptr<list_report> done)
{
    return make_spawned<list_report>(client, std::move(done),
                                     [client, what = std::move(what)](client_state&, transfer& control) mutable {
                                         return run_list(client, control.shared_from_this(), std::move(what));
                                     });
}

} // namespace detail
} // namespace tandem::http
