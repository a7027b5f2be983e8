#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/text.h"
#include "http/answer_head.h"
#include "http/connection.h"

namespace kronborg::http {

namespace {

/// For a record that is made when the request's bytes are gone.
std::string_view lasting_method(std::string_view method) {
  for (const std::string_view known : {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}) {
    if (method == known) return known;
  }
  return "OTHER";
}

}  // namespace

bool Connection::begin_answer(int status) {
  if (turn_.started) {
    loop_.report(request_id_, "the service answered twice");
    cut();
    return false;
  }
  turn_.started = true;
  turn_.status = status;
  turn_.discard_body = turn_.discard_body || !may_have_body(status);
  decide_ending();
  return true;
}

void Connection::append_last_fields() {
  out_.append("X-Request-Id: ").append(request_id_).append("\r\n");
  if (turn_.status == 101) {
    out_.append("Connection: Upgrade\r\n");
  } else if (ending_ != Ending::keep) {
    out_.append("Connection: close\r\n");
  } else if (head_.minor_version == 0) {
    out_.append("Connection: keep-alive\r\n");
  }
  out_.append("\r\n");
}

void Connection::respond_prepared(std::string_view status_and_fields, std::string_view body) {
  constexpr std::size_t status_at = 9;  // behind "HTTP/1.1 "
  int status = 0;
  for (const char digit : status_and_fields.substr(status_at, 3))
    status = status * 10 + (digit - '0');
  if (!begin_answer(status)) return;
  out_.append(status_and_fields).append(loop_.date_line());
  append_last_fields();
  if (!turn_.discard_body) {
    out_.append(body);
    turn_.answer_bytes = body.size();
  }
  turn_.ended = true;
}

void Connection::respond(const Answer& answer) {
  if (!begin_answer(answer.status)) return;
  append_status_line(out_, answer.status);
  out_.append(loop_.date_line());
  if (may_have_body(answer.status)) {
    if (!answer.content_type.empty()) append_field(out_, "Content-Type", answer.content_type);
    append_number_field(out_, "Content-Length", answer.body.size());
  }
  bool says_cache = false;
  for (const auto& [name, value] : answer.fields) {
    says_cache = says_cache || base::equal_ignoring_case(name, "cache-control");
    append_field(out_, name, value);
  }
  if (!says_cache) out_.append("Cache-Control: no-store\r\n");
  out_.append(fixed_standard_fields);
  if (loop_.options().strict_transport && !peer_.unix_socket) out_.append(strict_transport_field);
  append_last_fields();
  if (!turn_.discard_body) {
    out_.append(answer.body);
    turn_.answer_bytes = answer.body.size();
  }
  turn_.ended = true;
}

void Connection::append_framing(std::uint64_t content_length) {
  if (!may_have_body(turn_.status)) return;
  switch (turn_.framing) {
    case Framing::chunked:
      out_.append("Transfer-Encoding: chunked\r\n");
      break;
    case Framing::length:
      append_number_field(out_, "Content-Length", content_length);
      break;
    case Framing::none:
      if (head_.method != "HEAD") out_.append("Content-Length: 0\r\n");
      break;
    case Framing::until_close:
      break;
  }
}

void Connection::start(int status, std::span<const Field> fields, Framing framing,
                       std::uint64_t content_length, bool standard) {
  if (!begin_answer(status)) return;
  turn_.raw = status == 101;
  turn_.framing =
      framing == Framing::chunked && head_.minor_version == 0 ? Framing::until_close : framing;
  turn_.answer_left = framing == Framing::length ? content_length : 0;
  if (turn_.framing == Framing::until_close && !turn_.discard_body && ending_ == Ending::keep) {
    ending_ = Ending::close;
  }
  append_status_line(out_, status);
  bool says_date = false;
  bool says_cache = false;
  for (const auto& field : fields) {
    says_date = says_date || base::equal_ignoring_case(field.name, "date");
    says_cache = says_cache || base::equal_ignoring_case(field.name, "cache-control");
    append_field(out_, field.name, field.value);
  }
  if (!says_date) out_.append(loop_.date_line());
  if (standard) {
    if (!says_cache) out_.append("Cache-Control: no-store\r\n");
    out_.append(fixed_standard_fields);
    if (loop_.options().strict_transport && !peer_.unix_socket) out_.append(strict_transport_field);
  }
  append_framing(content_length);
  append_last_fields();
}

void Connection::put(std::string_view body_bytes) {
  if (turn_.discard_body || turn_.ended || broken_ || body_bytes.empty()) return;
  switch (turn_.framing) {
    case Framing::chunked:
      append_chunk_size(out_, body_bytes.size());
      out_.append(body_bytes).append("\r\n");
      break;
    case Framing::length:
      if (body_bytes.size() > turn_.answer_left) {
        cut();
        return;
      }
      turn_.answer_left -= body_bytes.size();
      out_.append(body_bytes);
      break;
    case Framing::until_close:
      out_.append(body_bytes);
      break;
    case Framing::none:
      cut();
      return;
  }
  turn_.answer_bytes += body_bytes.size();
}

void Connection::end() {
  if (turn_.ended || !turn_.started) return;
  if (!turn_.discard_body) {
    if (turn_.framing == Framing::chunked) out_.append("0\r\n\r\n");
    if (turn_.framing == Framing::length && turn_.answer_left > 0) {
      cut();
      return;
    }
  }
  turn_.ended = true;
}

void Connection::cut() {
  turn_.ended = true;
  const bool end_is_silent = !turn_.started || turn_.framing == Framing::until_close;
  ending_ = end_is_silent ? Ending::reset : Ending::close;
  // Called beside a write: the client does not read, and waits for nothing that may still be sent.
  if (writing_ && !broken_) {
    broken_ = true;
    stream_.cancel();
  }
}

bool Connection::send_at_once() {
  if (out_.empty() || broken_) return true;
  if (stream_.encrypted() || writing_) return false;
  const auto sent = stream_.write_now(out_);
  if (!sent) {
    broken_ = true;
    return true;
  }
  if (*sent < out_.size()) {
    out_.erase(0, *sent);
    return false;
  }
  out_.clear();
  return true;
}

asio::awaitable<bool> Connection::flush() {
  // A write in progress takes along what was queued since.
  if (writing_) co_return !broken_;
  while (!send_at_once()) {
    sending_.clear();
    sending_.swap(out_);
    std::string_view left = sending_;
    writing_ = true;
    while (!left.empty() && !broken_) {
      write_since_ = loop_.now();
      const auto sent = co_await stream_.write_some(left);
      broken_ = broken_ || sent == 0;
      left.remove_prefix(sent);
    }
    writing_ = false;
  }
  co_return !broken_;
}

asio::awaitable<bool> Connection::write_raw(std::span<const std::uint8_t> bytes) {
  out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  co_return co_await flush();
}

void Connection::set_route(std::string_view route) {
  if (loop_.options().on_access) route_ = route;
}

void Connection::set_credential_id(std::string_view id) {
  if (loop_.options().on_access) credential_id_ = id;
}

bool Connection::queue(std::string_view body_bytes, std::size_t most_queued) {
  if (broken_ || turn_.ended) return false;
  if (out_.size() + sending_.size() + body_bytes.size() > most_queued) return false;
  put(body_bytes);
  return true;
}

bool Connection::send_queued() {
  // A write in progress takes along what was queued since.
  if (writing_ || send_at_once()) return !broken_;
  asio::co_spawn(
      executor(),
      [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->flush(); },
      asio::detached);
  return true;
}

void Connection::rest() {
  if (!writing_ && out_.empty()) {
    std::string().swap(out_);
    std::string().swap(sending_);
  }
  if (!turn_.started || !turn_.body_done || !in_.empty()) return;
  const std::string_view method = lasting_method(head_.method);
  std::ranges::copy(request_id_, request_id_text_.begin());
  request_id_ = {request_id_text_.data(), request_id_.size()};
  wipe_secrets();
  forget_head();
  head_.method = method;
  decltype(head_.fields)().swap(head_.fields);
  in_.release();
  extra_.release();
}

}  // namespace kronborg::http
