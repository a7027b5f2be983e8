#include "http/stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

namespace kronborg::http {

namespace {
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
}

asio::awaitable<bool> Stream::handshake(asio::ssl::context& context) {
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, context);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, as_result);
  co_return !error;
}

asio::awaitable<std::size_t> Stream::read_some(std::span<char> out) {
  const auto buffer = asio::buffer(out.data(), out.size());
  if (tls_) {
    const auto [error, count] = co_await tls_->async_read_some(buffer, as_result);
    co_return error ? 0 : count;
  }
  const auto [error, count] = co_await socket_.async_read_some(buffer, as_result);
  co_return error ? 0 : count;
}

asio::awaitable<std::size_t> Stream::write_some(std::span<const char> bytes) {
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  if (tls_) {
    const auto [error, count] = co_await tls_->async_write_some(buffer, as_result);
    co_return error ? 0 : count;
  }
  const auto [error, count] = co_await socket_.async_write_some(buffer, as_result);
  co_return error ? 0 : count;
}

std::optional<std::size_t> Stream::write_now(std::span<const char> bytes) {
  const auto sent =
      ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EINTR) return 0;
  return std::nullopt;
}

Stream::Client Stream::look() {
  char first = 0;
  const auto count = ::recv(socket_.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Client::quiet : Client::left;
  if (count == 0 || has_left()) return Client::left;
  return Client::sent;
}

bool Stream::has_left() {
  pollfd socket{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&socket, 1, 0) > 0;
}

asio::awaitable<void> Stream::say_end() {
  if (tls_) co_await tls_->async_shutdown(as_result);
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::cancel() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Stream::shut_down() {
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.cancel(ignored);
}

void Stream::close(bool reset) {
  boost::system::error_code ignored;
  if (reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

}  // namespace kronborg::http
