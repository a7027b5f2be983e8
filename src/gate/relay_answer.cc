#include <algorithm>
#include <utility>

#include "base/text.h"
#include "gate/fields.h"
#include "gate/origin.h"
#include "gate/relay.h"

namespace kronborg::gate {

namespace {

bool is_event_stream(std::string_view content_type) {
  static constexpr std::string_view name = "text/event-stream";
  if (!base::equal_ignoring_case(content_type.substr(0, name.size()), name)) return false;
  const std::string_view after = content_type.substr(name.size());
  return after.empty() || after.front() == ';' || after.front() == ' ';
}

}  // namespace

Relay::Asked Relay::begin_answer(const http::ResponseHead& head, std::string_view rest) {
  room_.fields.clear();
  copy_answer_fields(head, room_.fields);
  if (admission_.cors) add_cors(room_.fields, exchange_.request());
  note_event_stream(head);
  keep_upstream_ = head.keep_alive;
  const http::Framing framing = frame(head);
  exchange_.start(head.status, room_.fields, framing, left_, false);
  if (exchange_.request().method == "HEAD") left_ = 0;
  if (left_ == 0 && !chunked_ && !until_close_) body_end_ = BodyEnd::whole;
  take_body(rest);
  return Asked::answered;
}

Relay::Asked Relay::switch_protocol(const http::ResponseHead& head, std::string_view rest) {
  const auto upgrade = std::ranges::find_if(head.fields, [](const http::Field& field) {
    return base::equal_ignoring_case(field.name, "upgrade");
  });
  if (!admission_.websocket || upgrade == head.fields.end() ||
      !base::equal_ignoring_case(upgrade->value, "websocket")) {
    failure_ = {base::Code::upstream_invalid,
                "The upstream changed to a protocol that was not asked for."};
    return Asked::failed;
  }
  room_.fields.clear();
  copy_answer_fields(head, room_.fields);
  if (admission_.cors) add_cors(room_.fields, exchange_.request());
  room_.fields.push_back({"Upgrade", "websocket"});
  exchange_.start(101, room_.fields, http::Framing::none, 0, false);
  early_ = rest;
  return Asked::switched;
}

http::Framing Relay::frame(const http::ResponseHead& head) {
  if (exchange_.request().method == "HEAD") {
    left_ = head.content_length;
    return head.has_content_length ? http::Framing::length : http::Framing::none;
  }
  until_close_ = head.until_close;
  chunked_ = head.body == http::BodyKind::chunked;
  if (chunked_ || until_close_) return http::Framing::chunked;
  if (head.body == http::BodyKind::none) return http::Framing::none;
  left_ = head.content_length;
  return http::Framing::length;
}

void Relay::note_event_stream(const http::ResponseHead& head) {
  bool encoded = false;
  for (const http::Field& field : head.fields) {
    if (base::equal_ignoring_case(field.name, "content-type"))
      event_stream_ = is_event_stream(field.value);
    encoded = encoded || base::equal_ignoring_case(field.name, "content-encoding");
  }
  // A GET's stream of events waits for what may happen; another method's tells how its work goes,
  // and that may finish while the server stops.
  if (event_stream_ && exchange_.request().method == "GET") {
    ends_with_server_ = true;
    exchange_.when_draining([this] {
      draining_ = true;
      stop_upstream();
    });
  }
  // Nothing can be put into a compressed stream.
  event_stream_ = event_stream_ && !encoded;
}

void Relay::take_body(std::string_view bytes) {
  if (bytes.empty()) return;
  if (body_end_ != BodyEnd::open) {
    keep_upstream_ = false;
  } else if (chunked_) {
    take_chunks(bytes);
  } else if (until_close_) {
    put(bytes);
  } else {
    const std::string_view own = bytes.substr(0, left_);
    put(own);
    left_ -= own.size();
    if (left_ == 0) body_end_ = BodyEnd::whole;
    // More than was promised: whose it is nobody knows.
    if (own.size() < bytes.size()) keep_upstream_ = false;
  }
}

void Relay::take_chunks(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto step = chunks_.next(bytes);
    if (!step) {
      body_end_ = BodyEnd::broken;
      return;
    }
    put(step->data);
    bytes.remove_prefix(step->consumed);
    if (step->finished) {
      body_end_ = BodyEnd::whole;
      if (!bytes.empty()) keep_upstream_ = false;
      return;
    }
  }
}

void Relay::put(std::string_view bytes) {
  if (bytes.empty()) return;
  if (event_stream_) {
    between_events_ =
        bytes.ends_with("\n\n") || bytes.ends_with("\r\n\r\n") || bytes.ends_with("\r\r");
  }
  exchange_.put(bytes);
}

asio::awaitable<bool> Relay::flush() {
  flushing_ = true;
  const bool sent = co_await exchange_.flush();
  flushing_ = false;
  client_gone_ = client_gone_ || !sent;
  co_return !client_gone_;
}

asio::awaitable<void> Relay::relay_body() {
  while (body_end_ == BodyEnd::open) {
    watch_client();
    if (!co_await flush() || is_over() || draining_) break;
    const http::Received received = co_await connection_->read_some(room_.settings.idle_timeout);
    if (is_over() || draining_) break;
    if (received.end == http::StreamEnd::open) {
      take_body(received.bytes);
    } else {
      const bool whole = until_close_ && received.end == http::StreamEnd::clean;
      body_end_ = whole ? BodyEnd::whole : BodyEnd::broken;
    }
  }
  if (body_end_ == BodyEnd::whole) {
    exchange_.end();
    co_return;
  }
  body_end_ = BodyEnd::broken;
  stop_upstream();
  if (revoked_ && !client_gone_) {
    end_revoked();
  } else if (draining_ && event_stream_ && !client_gone_) {
    exchange_.end();
  } else {
    exchange_.cut();
  }
}

void Relay::end_revoked() {
  if (event_stream_) {
    if (!between_events_) exchange_.put("\n\n");
    exchange_.put("event: error\ndata: " + error_body(*revoked_) + "\n\n");
  }
  exchange_.cut();
}

}  // namespace kronborg::gate
