#ifndef TANDEM_HTTP_DOWNLOADER_HPP
#define TANDEM_HTTP_DOWNLOADER_HPP

#include <tandem/http/client.hpp>

#include <concepts>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace tandem::http {

/// Downloads files: complete under their names, or an error. See basic_client for lifetimes and threads.
template <class Executor = boost::asio::any_io_executor>
class basic_downloader
{
public:
    using executor_type = Executor;

    template <class Other>
    struct rebind_executor
    {
        using other = basic_downloader<Other>;
    };

    /// Over the connections of `connections`, and within its limits.
    explicit basic_downloader(basic_client<Executor> connections) : client_(std::move(connections)) {}

    /// Over connections of its own. Throws what the client's constructor throws.
    basic_downloader(Executor executor, const client_options& options) : client_(std::move(executor), options) {}
    explicit basic_downloader(Executor executor) : client_(std::move(executor)) {}
    template <class Context>
        requires std::is_convertible_v<Context&, boost::asio::execution_context&> &&
                     std::constructible_from<Executor, typename Context::executor_type>
    basic_downloader(Context& context, const client_options& options) : client_(context, options)
    {
    }
    template <class Context>
        requires std::is_convertible_v<Context&, boost::asio::execution_context&> &&
                     std::constructible_from<Executor, typename Context::executor_type>
    explicit basic_downloader(Context& context) : client_(context)
    {
    }

    /// The same downloader, whose executor is of another type: as for a client.
    template <class Other>
        requires(!std::same_as<Other, Executor> && std::convertible_to<const Other&, Executor>)
    basic_downloader(const basic_downloader<Other>& other) : client_(other.client())
    {
    }

    executor_type get_executor() const noexcept { return client_.get_executor(); }

    const basic_client<Executor>& client() const noexcept { return client_; }

    /// Downloads `url` into the file `target`: complete under that name, or an error and nothing new under that name.
    ///
    /// The body is streamed into `<target>.part`, in memory that does not grow with it, and given the target's name in
    /// one step once every byte that the server promised is there, and no more, and its checksum, where one is
    /// expected, is right. Beside it a `<target>.part.from` tells what it is of, so that nobody else's file is taken for
    /// one: a `<target>.part` that no download of this user's has left, or that has another name as well (a hard link), is
    /// `errc::target_exists`. One that another download is writing
    /// is `errc::target_in_use`. Bodies of up to 1 MiB go into a file that has no name until it is complete, where the
    /// file system has such files: of two at once, each is complete, and the later one counts.
    ///
    /// Where the server identifies the file by a strong entity tag (or by a date, see `download_options::resume_by_date`)
    /// and promises its length, and it is not decoded, what
    /// there is of more than 1 MiB stays in the .part when the download fails or the program is killed, and the next
    /// download of that URL to that target goes on from there, if the server says that the file is still the same; else
    /// it begins anew. After another start of the system it is trusted only where `download_options::sync` had it put
    /// on the disk. With `download_options::content_disposition` each download begins anew. Nothing else is left behind
    /// by a failure. A server that contradicts itself is asked once more, for the whole file: bytes of two versions are
    /// never joined.
    ///
    /// The folder of `target` is the one that has that path when the download begins. Where another one has it at the end,
    /// or none, that is `errc::folder_changed`, and nothing is written there. A file that another one's place is given to
    /// passes on its mode (who may read and write it).
    ///
    /// A symbolic link of the target's name is replaced itself, and never written through, unless it leads to a folder:
    /// that is `errc::target_is_not_a_file`, as everything is that is neither a file nor a link.
    ///
    /// A body without a promised length is complete when the server ends the connection: over TLS with its close
    /// notification, else it is an error. Writing blocks the calling thread of the executor for as long as the system
    /// takes a buffer of 256 KiB. For waiting for the disk see `client_options::file_executor`.
    ///
    /// Follows redirects as `basic_client::async_request` does. Only 2xx delivers a file, but for 202 (not yet), 204 and 205 (nothing). A body in an encoding that was
    /// not asked for is stored as it came, and the report warns where the file's name does not tell it. What `retry_options` names is tried again.
    ///
    /// With gcc 12 give the options a name: it destroys braced ones (`download_options{...}`) within a `co_await`
    /// expression twice.
    ///
    ///     download_options options;
    ///     options.segments = 4;
    ///     const download_report report = co_await downloads.async_download(url, target, options);
    ///
    /// Preconditions: the folder of `target` exists (with `download_options::content_disposition`: `target` is it).
    /// What is not valid in a URL's path or query (spaces, non-ASCII) is percent-encoded first.
    ///
    /// Lifetimes: the arguments are copied. The downloader need not outlive the operation, the context must.
    ///
    /// Handler signature: `void(std::exception_ptr, download_report)`. The default token is the executor's, else
    /// `asio::deferred`.
    ///
    /// Executor: runs on a strand of the client's; completes through the handler's associated executor, else the
    /// client's, never within the initiating call.
    ///
    /// Per-operation cancellation (by a slot whose signal is emitted where the handler runs, or by cancellable() from
    /// anywhere): `total`, `partial` and `terminal` do the same. The connection is closed, a .part that can be resumed
    /// stays, and the operation completes with `asio::error::operation_aborted`. Once the file has its final name it
    /// completes as it would have.
    ///
    /// Errors: always a `download_error`, which names the URL and the cause. Out of memory is `std::bad_alloc`.
    ///
    /// Thread safety: may be called from any thread.
    template <
        boost::asio::completion_token_for<detail::download_signature> Token = tandem::detail::default_token_t<Executor>>
    auto async_download(std::string url, std::filesystem::path target, download_options options,
                        Token&& token = tandem::detail::default_token<Executor>()) const
    {
        return boost::asio::async_initiate<Token, detail::download_signature>(
            detail::initiate<Executor, download_report, detail::download_request>{client_.executor_, client_.state_},
            token,
            detail::download_request{std::move(url), std::move(target),
                                     std::make_shared<const download_options>(std::move(options))});
    }

    /// The same with the default options.
    template <
        boost::asio::completion_token_for<detail::download_signature> Token = tandem::detail::default_token_t<Executor>>
    auto async_download(std::string url, std::filesystem::path target,
                        Token&& token = tandem::detail::default_token<Executor>()) const
    {
        return async_download(std::move(url), std::move(target), download_options{}, std::forward<Token>(token));
    }

    /// Downloads many files; see download_list.hpp. A file that fails does not end the list, its observer is told.
    ///
    /// Two items of one name never overwrite each other, whatever `existing_file` says: the later one gets another name,
    /// or fails with `errc::target_exists` or `errc::target_written_meanwhile`.
    ///
    /// Lifetimes: the argument is moved or copied. The downloader need not outlive the operation, the context must.
    ///
    /// Handler signature: `void(std::exception_ptr, list_report)`; the report counts with an error too. The default token
    /// is the executor's, else `asio::deferred`.
    ///
    /// Executor: the list's functions and its observer are called on a strand of the client's, each download runs on a
    /// strand of its own; completes through the handler's associated executor, else the client's, never within the
    /// initiating call.
    ///
    /// Per-operation cancellation (by a slot whose signal is emitted where the handler runs, or by cancellable() from
    /// anywhere): `total`, `partial` and `terminal` do the same. Nothing more is begun, what is under way is cancelled,
    /// `next` and `finish` by a `terminal` cancellation, and it completes with `asio::error::operation_aborted` once all
    /// have ended.
    ///
    /// Errors: what ends the list before its end. What `next` or the observer threw; the error of the item that found
    /// the disk full (`no_space_on_device`, or a used up quota), after which nothing is begun. What is under way is
    /// completed first.
    ///
    /// Thread safety: may be called from any thread.
    template <boost::asio::completion_token_for<detail::list_signature> Token =
                  tandem::detail::default_token_t<Executor>>
    auto async_download_list(download_list list, Token&& token = tandem::detail::default_token<Executor>()) const
    {
        return boost::asio::async_initiate<Token, detail::list_signature>(
            detail::initiate<Executor, list_report, download_list>{client_.executor_, client_.state_}, token,
            std::move(list));
    }

private:
    basic_client<Executor> client_;
};

using downloader = basic_downloader<>;

} // namespace tandem::http

#endif
