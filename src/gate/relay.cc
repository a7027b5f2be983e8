#include "gate/relay.h"

#include <exception>
#include <utility>

#include "base/secret.h"
#include "gate/origin.h"

namespace kronborg::gate {

namespace {

constexpr int max_interim_answers = 16;
constexpr std::size_t max_spare_heads = 64;
constexpr std::size_t max_spare_head_bytes = 4096;

/// RFC 9110 section 9.2.2.
bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS";
}

}  // namespace

RelayRoom::~RelayRoom() { relays.clear(); }

Relay::Relay(RelayRoom& room, http::Exchange& exchange, Admission admission)
    : room_(room), exchange_(exchange), admission_(std::move(admission)) {
  room_.relays.push_back(*this);
}

Relay::~Relay() {
  if (watched_) exchange_.when_client_leaves({});
  if (ends_with_server_) exchange_.when_draining({});
  std::string& head = admission_.head;
  base::wipe(head.data(), head.size());
  // Unlinked: the room has gone before, with the server.
  if (is_linked() && head.capacity() <= max_spare_head_bytes &&
      room_.spare_heads.size() < max_spare_heads) {
    head.clear();
    room_.spare_heads.push_back(std::move(head));
  }
}

asio::awaitable<void> Relay::run() {
  std::exception_ptr thrown;
  try {
    if (exchange_.request().body != http::BodyKind::none) {
      exchange_.set_body_pace(false);
      watch_client();
    }
    Asked asked = co_await ask(false);
    if (asked == Asked::again) asked = co_await ask(true);
    if (asked == Asked::switched) {
      co_await tunnel();
    } else if (asked != Asked::answered) {
      refuse();
    } else if (body_end_ == BodyEnd::whole && !second_running_) {
      exchange_.end();  // most answers came in one piece
    } else {
      co_await relay_body();
    }
  } catch (...) {
    thrown = std::current_exception();
    body_end_ = BodyEnd::broken;
  }
  // Nothing may go on with the exchange when this has ended.
  if (second_running_) co_await finish_second();
  exchange_.set_body_pace(true);
  if (thrown) std::rethrow_exception(thrown);
  if (keep_upstream_ && upload_whole_ && body_end_ == BodyEnd::whole && !is_over()) {
    admission_.pool->give_back(std::move(connection_));
  }
}

asio::awaitable<Relay::Asked> Relay::ask(bool fresh) {
  connection_.reset();
  auto taken = admission_.pool->take(fresh);
  if (!taken) {
    failure_ = std::move(taken).error();
    co_return Asked::failed;
  }
  connection_ = *std::move(taken);
  if (!connection_->connected()) {
    if (auto opened = co_await connection_->open(); !opened) {
      if (!is_over()) failure_ = std::move(opened).error();
      co_return Asked::failed;
    }
  }
  if (exchange_.request().body != http::BodyKind::none) {
    co_await send_with_body();
  } else if (const auto left = connection_->write_now(admission_.head); !left.empty()) {
    co_await connection_->write(room_.settings.idle_timeout, left);
  }
  // Whether it could be sent or not: the upstream may have answered before it closed.
  for (;;) {
    const http::Received received = co_await connection_->read_some(room_.settings.answer_timeout);
    if (is_over()) co_return Asked::failed;
    if (received.end != http::StreamEnd::open)
      co_return may_repeat() ? Asked::again : Asked::failed;
    heard_ = true;
    if (const auto asked = hear(received.bytes)) co_return *asked;
  }
}

asio::awaitable<void> Relay::send_with_body() {
  start_second(upload());
  if (head_taken_) co_return;
  // The body does not come with the head: the upstream gets the head alone, it may answer to that.
  head_taken_ = head_in_flight_ = true;
  upload_stopped_ = !co_await connection_->write(room_.settings.idle_timeout, admission_.head);
  head_in_flight_ = false;
  event_->cancel();
}

std::optional<Relay::Asked> Relay::hear(std::string_view bytes) {
  http::ResponseHead& head = room_.answer_head;
  for (;;) {
    std::size_t consumed = 0;
    auto state = http::parse_response_head(bytes, exchange_.request().method, head, consumed);
    if (!state) {
      failure_ = std::move(state).error();
      return Asked::failed;
    }
    if (*state == http::ParseState::incomplete) {
      connection_->keep(bytes);
      return {};
    }
    bytes.remove_prefix(consumed);
    if (head.status == 101) return switch_protocol(head, bytes);
    if (head.status >= 200) return begin_answer(head, bytes);
    // RFC 9110 section 15.2: any number of interim answers; a proxy need not pass on what it did
    // not ask for. Some bound there must be.
    if (++interim_ > max_interim_answers) {
      failure_ = base::Code::upstream_invalid;
      return Asked::failed;
    }
  }
}

bool Relay::may_repeat() const {
  return connection_->reused() && !heard_ && !connection_->timed_out() &&
         exchange_.request().body == http::BodyKind::none &&
         is_idempotent(exchange_.request().method);
}

base::Error Relay::failure() const {
  if (revoked_) return *revoked_;
  if (failure_) return *failure_;
  if (connection_->timed_out()) return base::Code::upstream_timeout;
  return {base::Code::upstream_invalid,
          "The upstream closed the connection without a whole answer."};
}

void Relay::refuse() {
  stop_upstream();
  body_end_ = BodyEnd::broken;
  if (client_gone_) {
    exchange_.cut();
    return;
  }
  http::Answer answer = room_.refusals.answer(failure());
  if (admission_.cors) add_cors(answer, exchange_.request());
  exchange_.respond(answer);
}

void Relay::watch_client() {
  if (watched_) return;
  watched_ = true;
  exchange_.when_client_leaves([this] {
    client_gone_ = true;
    stop_upstream();
  });
}

void Relay::stop_upstream() {
  if (connection_) connection_->close();
}

void Relay::tick() {
  if (!heard_) watch_client();
  if (revoked_ && flushing_) exchange_.cut();
}

void Relay::revoke(base::Error error) {
  if (revoked_) return;
  revoked_ = std::move(error);
  stop_upstream();
  stop_.emit(asio::cancellation_type::terminal);
}

}  // namespace kronborg::gate
