#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <exception>
#include <utility>

#include "base/bytes.h"
#include "gate/relay.h"

namespace kronborg::gate {

namespace {

/// Of a body that nobody wants any more, so much is read to keep the client's connection.
constexpr std::uint64_t max_dropped_bytes = 64U << 10U;

std::string chunk_size(std::size_t size) {
  char digits[18];
  char* end = std::to_chars(digits, digits + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {digits, end};
}

}  // namespace

void Relay::start_second(asio::awaitable<void> work) {
  event_.emplace(exchange_.executor(), asio::steady_timer::time_point::max());
  second_running_ = true;
  auto ended = [this](const std::exception_ptr& thrown) {
    second_running_ = false;
    if (thrown && !failure_) failure_ = base::Code::internal_error;
    if (thrown) stop_upstream();
    event_->cancel();
  };
  asio::co_spawn(exchange_.executor(), std::move(work),
                 asio::bind_cancellation_slot(stop_.slot(), std::move(ended)));
}

asio::awaitable<void> Relay::wait_for_event() {
  boost::system::error_code cancelled;
  co_await event_->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

asio::awaitable<void> Relay::upload() {
  // A stop shows as the end of what was waited for.
  co_await asio::this_coro::throw_if_cancelled(false);
  upload_whole_ = false;
  for (;;) {
    auto piece = co_await exchange_.read_body_some();
    if (!piece) {
      if (!is_over()) failure_ = std::move(piece).error();
      stop_upstream();
      co_return;
    }
    if (piece->empty()) break;
    if (!accept_piece(piece->size())) co_return;
    if (upload_stopped_ || answer_over_) continue;
    if (!co_await send_piece(base::text_of(*piece))) upload_stopped_ = true;
  }
  if (upload_stopped_ || answer_over_) co_return;
  if (exchange_.request().body == http::BodyKind::chunked) {
    // An empty chunked body comes here with the head still unsent.
    const std::string_view head = take_head();
    while (head_in_flight_) co_await wait_for_event();
    upload_whole_ = co_await connection_->write(room_.settings.idle_timeout, head, "0\r\n\r\n");
  } else {
    upload_whole_ = true;
  }
}

bool Relay::accept_piece(std::size_t size) {
  received_ += size;
  if (received_ > room_.settings.body_limit_bytes) {
    if (!is_over() && !answer_over_) {
      failure_ =
          base::Error(base::Code::body_too_large)
              .with({"limitBytes", static_cast<std::int64_t>(room_.settings.body_limit_bytes)});
    }
    stop_upstream();
    return false;
  }
  if (answer_over_) dropped_ += size;
  return dropped_ <= max_dropped_bytes;
}

std::string_view Relay::take_head() {
  return std::exchange(head_taken_, true) ? std::string_view() : std::string_view(admission_.head);
}

asio::awaitable<bool> Relay::send_piece(std::string_view piece) {
  const auto patience = room_.settings.idle_timeout;
  const std::string_view head = take_head();
  while (head_in_flight_) co_await wait_for_event();
  if (upload_stopped_) co_return false;
  if (exchange_.request().body != http::BodyKind::chunked) {
    co_return co_await connection_->write(patience, head, piece);
  }
  const std::string size = chunk_size(piece.size());
  const bool sent = co_await connection_->write(patience, head, size, piece, "\r\n");
  co_return sent;
}

asio::awaitable<void> Relay::finish_second() {
  answer_over_ = true;
  exchange_.set_body_pace(true);  // what is still to come is dropped: no reason for patience
  // Neither does the upstream want more, nor shall the answer wait for the rest of the request.
  stop_upstream();
  if (body_end_ != BodyEnd::whole) stop_.emit(asio::cancellation_type::terminal);
  co_await exchange_.flush();
  while (second_running_) co_await wait_for_event();
}

}  // namespace kronborg::gate
