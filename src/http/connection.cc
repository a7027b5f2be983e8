#include "http/connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "http/characters.h"
#include "http/limits.h"

namespace kronborg::http {

namespace {

/// A first read holds an ordinary request with its access key; connections that have shown no
/// credential yet stay below 4 KiB.
constexpr std::size_t first_read_bytes = 1U << 10U;
/// Answers to pipelined requests are sent before more than this is queued.
constexpr std::size_t max_queued_bytes = 64U << 10U;
/// What an idle connection may keep.
constexpr std::size_t idle_buffer_bytes = 4U << 10U;
/// A head that grows without ending a line is parsed again after so many bytes.
constexpr std::size_t parse_step_bytes = 4U << 10U;

bool is_request_id(std::string_view text) {
  return text.size() >= 8 && text.size() <= 64 && all(request_id_character, text);
}

}  // namespace

Connection::Connection(EventLoop& loop, Stream stream, Peer peer)
    : loop_(loop), stream_(std::move(stream)), peer_(std::move(peer)), place_(loop.add(*this)) {}

Connection::~Connection() = default;

asio::any_io_executor Connection::executor() const { return loop_.context().get_executor(); }

asio::awaitable<void> Connection::run(std::shared_ptr<asio::ssl::context> tls) {
  std::string failure;
  try {
    bool ready = true;
    if (tls) {
      wait_ = Wait::handshake;
      wait_since_ = loop_.now();
      reading_ = true;
      ready = co_await stream_.handshake(*tls) && !read_timed_out_;
      reading_ = false;
      tls.reset();
    }
    if (ready) {
      co_await serve();
      co_await say_goodbye();
    }
  } catch (const std::exception& error) {
    failure = error.what();
  } catch (...) {
    failure = "an exception of an unknown type";
  }
  if (!failure.empty()) loop_.report({}, failure);
  gone_ = nullptr;
  draining_ = nullptr;
  broken_ = true;
  stream_.close(ending_ == Ending::reset);
  loop_.remove(place_);
}

asio::awaitable<void> Connection::serve() {
  while (ending_ == Ending::keep && !broken_) {
    switch (next_head()) {
      case Next::refused:
        break;
      case Next::request:
        begin_exchange();
        if (!answer_at_once()) co_await answer_later();
        if (!settled()) co_await settle();
        finish_exchange();
        if (out_.size() >= max_queued_bytes) co_await flush();
        break;
      case Next::more_bytes: {
        if (!send_at_once()) co_await flush();
        if (broken_ || (loop_.draining() && in_.empty())) co_return;
        await_head();
        const auto room = in_.room(first_read_bytes, max_head_bytes);
        std::size_t count = 0;
        reading_ = true;
        if (stream_.encrypted()) {
          count = co_await stream_.read_some(room);
        } else {
          // Without the frame of a further coroutine: this is the hot path.
          const auto [error, got] = co_await stream_.socket().async_read_some(
              asio::buffer(room.data(), room.size()), asio::as_tuple(asio::use_awaitable));
          count = error ? 0 : got;
        }
        reading_ = false;
        if (!head_bytes_came(count)) co_return;
        break;
      }
    }
  }
}

void Connection::await_head() {
  if (in_.empty() && in_.capacity() > idle_buffer_bytes) in_.release();
  if (out_.capacity() > idle_buffer_bytes) std::string().swap(out_);
  const auto wait = in_.empty() && served_ ? Wait::idle : Wait::head;
  if (wait_ != wait) {
    wait_ = wait;
    wait_since_ = loop_.now();
  }
}

bool Connection::head_bytes_came(std::size_t count) {
  if (read_timed_out_) {
    if (!in_.empty()) refuse(base::Code::request_timeout);
    return false;
  }
  in_.filled(count);
  return count > 0;
}

Connection::Next Connection::next_head() {
  const auto unread = in_.unread();
  if (unread.empty()) return Next::more_bytes;
  if (parsed_size_ > 0 && unread.find('\n', parsed_size_) == std::string_view::npos &&
      unread.size() / parse_step_bytes == parsed_size_ / parse_step_bytes) {
    return Next::more_bytes;
  }
  std::size_t consumed = 0;
  const auto state = parse_request_head(unread, head_, consumed);
  if (!state) {
    refuse(state.error());
    return Next::refused;
  }
  if (*state == ParseState::incomplete) {
    parsed_size_ = unread.size();
    forget_head();
    return Next::more_bytes;
  }
  parsed_size_ = 0;
  in_.consume(consumed);
  return Next::request;
}

void Connection::forget_head() {
  head_.method = {};
  head_.request_id = {};
  head_.fields.clear();
  for (auto& secret : head_.secrets) secret.reset();
}

void Connection::choose_request_id() {
  if (is_request_id(head_.request_id)) {
    request_id_ = head_.request_id;
    return;
  }
  const std::span<char, uuid_length> text(request_id_text_.data(), uuid_length);
  loop_.write_uuid(text);
  request_id_ = {text.data(), text.size()};
}

void Connection::begin_exchange() {
  turn_ = Turn{};
  wait_ = Wait::nothing;
  served_ = true;
  strict_pace_ = true;
  turn_.continue_due = head_.expect_continue;
  turn_.body_done = head_.body == BodyKind::none;
  turn_.body_left = head_.content_length;
  turn_.discard_body = head_.method == "HEAD";
  if (head_.body == BodyKind::chunked) chunked_ = ChunkedReader();
  if (loop_.options().on_access) turn_.started_at = std::chrono::steady_clock::now();
  choose_request_id();
}

bool Connection::answer_at_once() {
  try {
    if (loop_.draining()) {
      respond(refusal(base::Code::draining));
      return true;
    }
    return loop_.service().answer_now(*this);
  } catch (const std::exception& failure) {
    answer_failed(failure.what());
  } catch (...) {
    answer_failed("an exception of an unknown type");
  }
  return true;
}

asio::awaitable<void> Connection::answer_later() {
  std::optional<std::string> failure;
  try {
    co_await loop_.service().answer(*this);
  } catch (const std::exception& error) {
    failure = error.what();
  } catch (...) {
    failure = "an exception of an unknown type";
  }
  if (failure) answer_failed(*failure);
}

void Connection::answer_failed(std::string_view what) {
  loop_.report(request_id_, what);
  if (turn_.ended || turn_.raw) return;
  if (turn_.started) {
    cut();
    return;
  }
  ending_ = turn_.body_done ? Ending::close : Ending::linger;
  respond(refusal(base::Code::internal_error));
}

Answer Connection::refusal(const base::Error& error) {
  try {
    return loop_.service().refuse(error, request_id_);
  } catch (const std::exception& failure) {
    loop_.report(request_id_, failure.what());
  }
  Answer bare;
  bare.status = base::facts(error.code).http_status;
  bare.content_type.clear();
  return bare;
}

void Connection::refuse(const base::Error& error) {
  turn_ = Turn{};
  turn_.body_done = true;  // there is no telling where a body would begin
  if (loop_.options().on_access) turn_.started_at = std::chrono::steady_clock::now();
  choose_request_id();
  head_.method = {};
  ending_ = Ending::linger;
  respond(refusal(error));
  finish_exchange();
}

asio::awaitable<void> Connection::settle() {
  if (turn_.raw) {
    if (ending_ == Ending::keep) ending_ = Ending::close;
    co_return;
  }
  if (!turn_.ended) answer_failed("the service left a request without an answer");
  if (ending_ != Ending::keep || turn_.body_done) co_return;
  // The client may want the answer before it sends the rest of its body.
  if (co_await flush()) co_await drop_body();
}

void Connection::finish_exchange() {
  if (const auto& record = loop_.options().on_access) {
    const auto time = std::chrono::steady_clock::now() - turn_.started_at;
    record({.request_id = request_id_,
            .source = peer_.address,
            .method = head_.method,
            .status = turn_.status,
            .bytes = turn_.answer_bytes,
            .micros = std::chrono::duration_cast<std::chrono::microseconds>(time).count(),
            .credential_id = credential_id_,
            .route = route_});
    credential_id_.clear();
    route_.clear();
  }
  wipe_secrets();
  forget_head();
  gone_ = nullptr;
  draining_ = nullptr;
  polled_ = false;
  if (in_.empty() && extra_.capacity() > 0) {
    in_.swap(extra_);
    extra_.release();
  }
}

void Connection::wipe_secrets() {
  for (const auto& secret : head_.secrets) {
    if (secret) in_.wipe(secret->reveal());
  }
}

asio::awaitable<void> Connection::say_goodbye() {
  if (!co_await flush() || ending_ == Ending::reset) co_return;
  read_timed_out_ = false;
  wait_ = Wait::drop;
  wait_since_ = body_since_ = loop_.now();
  reading_ = true;
  co_await stream_.say_end();
  reading_ = false;
  if (ending_ != Ending::linger) co_return;
  // Closing with unread bytes would reset the connection, and the client might lose the answer.
  for (std::size_t dropped = 0; dropped < max_queued_bytes;) {
    in_.consume(in_.unread().size());
    if (!co_await fill(in_, Wait::drop)) co_return;
    dropped += in_.unread().size();
  }
}

}  // namespace kronborg::http
