#include <algorithm>

#include "http/connection.h"
#include "http/limits.h"

namespace kronborg::http {

namespace {
constexpr std::size_t body_read_bytes = 16U << 10U;
/// An unwanted body up to this size is read and dropped to keep the connection.
constexpr std::uint64_t max_dropped_bytes = 64U << 10U;
}  // namespace

asio::awaitable<bool> Connection::fill(InputBuffer& buffer, Wait wait) {
  const auto room = buffer.room(body_read_bytes, body_read_bytes);
  if (room.empty()) co_return false;
  wait_ = wait;
  wait_since_ = loop_.now();
  reading_ = true;
  const auto count = co_await stream_.read_some(room);
  reading_ = false;
  wait_ = Wait::nothing;
  if (count == 0 || read_timed_out_) co_return false;
  buffer.filled(count);
  body_received_ += count;
  co_return true;
}

base::Result<std::string_view> Connection::take_body() {
  while (!turn_.body_done) {
    auto& buffer = body_buffer();
    const auto bytes = buffer.unread();
    if (bytes.empty()) break;
    if (head_.body == BodyKind::length) {
      const auto taken = bytes.substr(0, turn_.body_left);
      buffer.consume(taken.size());
      turn_.body_left -= taken.size();
      turn_.body_done = turn_.body_left == 0;
      return taken;
    }
    TRY(const auto step, chunked_.next(bytes));
    buffer.consume(step.consumed);
    turn_.body_done = step.finished;
    if (!step.data.empty()) return step.data;
  }
  return std::string_view{};
}

void Connection::begin_body() {
  if (turn_.body_begun) return;
  turn_.body_begun = true;
  body_since_ = loop_.now();
  body_received_ = in_.unread().size();
}

asio::awaitable<base::Result<void>> Connection::more_body() {
  if (!turn_.started) {
    if (turn_.continue_due) out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    // Also the answers to earlier requests, which the client may wait for.
    if (!co_await flush())
      co_return base::Error(base::Code::malformed_request, "The client has gone.");
  }
  turn_.continue_due = false;
  if (co_await fill(extra_, Wait::body)) co_return base::Result<void>();
  if (read_timed_out_) co_return base::Code::request_timeout;
  co_return base::Error(base::Code::malformed_request, "The body ended early.");
}

asio::awaitable<base::Result<std::span<const std::uint8_t>>> Connection::read_body_some() {
  using Bytes = std::span<const std::uint8_t>;
  if (turn_.body_failed) co_return base::Code::malformed_request;
  begin_body();
  while (true) {
    const auto taken = take_body();
    if (!taken) {
      turn_.body_failed = true;
      co_return taken.error();
    }
    if (turn_.body_done && gone_) watch();
    if (!taken->empty() || turn_.body_done) {
      co_return Bytes(reinterpret_cast<const std::uint8_t*>(taken->data()), taken->size());
    }
    const auto more = co_await more_body();
    if (!more) {
      turn_.body_failed = true;
      co_return more.error();
    }
  }
}

asio::awaitable<base::Result<std::string>> Connection::read_body(std::size_t limit_bytes) {
  const auto too_large = [limit_bytes] {
    return base::Error(base::Code::body_too_large)
        .with({"limitBytes", static_cast<std::int64_t>(limit_bytes)});
  };
  std::string body;
  if (head_.body == BodyKind::length) {
    if (head_.content_length > limit_bytes) co_return too_large();
    body.reserve(head_.content_length);
  }
  while (true) {
    const auto part = co_await read_body_some();
    if (!part) co_return part.error();
    if (part->empty()) co_return body;
    if (body.size() + part->size() > limit_bytes) co_return too_large();
    body.append(reinterpret_cast<const char*>(part->data()), part->size());
  }
}

void Connection::decide_ending() {
  if (ending_ != Ending::keep) return;
  if (!head_.keep_alive || loop_.draining()) {
    ending_ = turn_.body_done ? Ending::close : Ending::linger;
  } else if (!turn_.body_done) {
    const bool too_much = head_.body == BodyKind::length && turn_.body_left > max_dropped_bytes;
    if (turn_.continue_due || turn_.body_failed || too_much) ending_ = Ending::linger;
  }
}

asio::awaitable<void> Connection::drop_body() {
  begin_body();
  std::uint64_t dropped = 0;
  while (!turn_.body_done && !turn_.body_failed) {
    const auto part = co_await read_body_some();
    dropped += part ? part->size() : 0;
    if (dropped > max_dropped_bytes) break;
  }
  if (!turn_.body_done) ending_ = Ending::linger;
}

asio::awaitable<std::span<const std::uint8_t>> Connection::read_raw_some() {
  auto& buffer = body_buffer();
  if (buffer.empty() && !co_await fill(extra_, Wait::raw))
    co_return std::span<const std::uint8_t>();
  const auto bytes = body_buffer().unread();
  body_buffer().consume(bytes.size());
  co_return std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace kronborg::http
