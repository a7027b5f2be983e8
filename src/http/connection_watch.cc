#include <boost/asio/post.hpp>

#include "http/connection.h"
#include "http/limits.h"

namespace kronborg::http {

namespace {
constexpr std::chrono::seconds linger_time{3};
constexpr std::chrono::seconds body_grace{5};
}  // namespace

bool Connection::read_is_late(TimePoint now) const {
  const auto waited = now - wait_since_;
  switch (wait_) {
    case Wait::nothing:
    case Wait::raw:
      return false;
    case Wait::handshake:
      return waited >= tls_handshake_time;
    case Wait::head:
      return waited >= head_time;
    case Wait::idle:
      return waited >= idle_time;
    case Wait::drop:
      return now - body_since_ >= linger_time;
    case Wait::body:
      break;
  }
  if (!strict_pace_) return waited >= idle_time;
  const auto taken = now - body_since_;
  if (taken >= body_time) return true;
  if (taken <= body_grace) return false;
  const auto paced =
      std::chrono::duration_cast<std::chrono::milliseconds>(taken - body_grace).count();
  return body_received_ < body_min_bytes_per_second * static_cast<std::uint64_t>(paced) / 1000;
}

void Connection::judge_deadlines() {
  const auto now = loop_.now();
  if (reading_ && !read_timed_out_ && read_is_late(now)) {
    read_timed_out_ = true;
    stream_.cancel();
  }
  if (writing_ && !broken_ && now - write_since_ >= blocked_write_time) {
    broken_ = true;
    stream_.cancel();
  }
  if (polled_ && gone_ && stream_.has_left()) client_left();
}

void Connection::drain() {
  if (reading_ && in_.empty() && (wait_ == Wait::idle || wait_ == Wait::head)) {
    stream_.cancel();
    return;
  }
  if (!draining_) return;
  const auto call = std::move(draining_);
  draining_ = nullptr;
  try {
    call();
  } catch (const std::exception& failure) {
    loop_.report(request_id_, failure.what());
  }
}

void Connection::cut_off() {
  broken_ = true;
  client_left();
  stream_.shut_down();
}

void Connection::when_client_leaves(std::function<void()> gone) {
  gone_ = std::move(gone);
  polled_ = false;
  if (!gone_) return;
  if (broken_) {
    asio::post(executor(), [self = shared_from_this()] { self->client_left(); });
  } else if (turn_.body_done) {
    watch();
  }
}

void Connection::watch() {
  if (watching_) return;
  watching_ = true;
  stream_.socket().async_wait(Socket::wait_read,
                              [self = shared_from_this()](const boost::system::error_code& error) {
                                self->watching_ = false;
                                if (!error) self->look_at_client();
                              });
}

void Connection::look_at_client() {
  // The wait may outlive the exchange that asked for it.
  if (!gone_ || reading_) return;
  switch (stream_.look()) {
    case Stream::Client::quiet:
      watch();
      break;
    case Stream::Client::left:
      client_left();
      break;
    case Stream::Client::sent:
      polled_ = true;
      break;
  }
}

void Connection::client_left() {
  if (!gone_) return;
  const auto call = std::move(gone_);
  gone_ = nullptr;
  try {
    call();
  } catch (const std::exception& failure) {
    loop_.report(request_id_, failure.what());
  }
}

}  // namespace kronborg::http
