#include "doors/a2a_serve.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>
#include <variant>
#include <vector>

#include "api/cors.h"
#include "http/limits.h"

namespace kronborg::doors {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

/// Collects what happens in the space until the stream's coroutine takes it: a revision is fetched
/// from the store before the next notice is looked at.
class A2aReader final : public SpaceReader {
 public:
  A2aReader(const Loop& loop, const api::Reader& reader)
      : readers_(loop.readers),
        space_(reader.caller.space),
        key_id_(spaces::text_of(reader.caller.key_id)),
        is_owner_(reader.caller.type == spaces::KeyType::owner),
        timer_(loop.context) {
    readers_.add(space_, *this);
  }
  ~A2aReader() override { readers_.remove(space_, *this); }
  A2aReader(const A2aReader&) = delete;
  A2aReader& operator=(const A2aReader&) = delete;

  void hear(Heard& heard) override {
    const spaces::Notice& notice = heard.notice();
    if (notice.audience == spaces::Audience::owner && !is_owner_) return;
    if (notice.kind == spaces::NoticeKind::key_ended && !notice.ends_space &&
        notice.ended_key_id != key_id_) {
      return;
    }
    bytes_ += notice.data.size();
    if (bytes_ > most_queued_bytes) {
      stop();
    } else {
      came_.push_back(notice);
      timer_.cancel();
    }
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
  }
  [[nodiscard]] bool stopped() const { return stopped_; }

  std::vector<spaces::Notice> take() {
    bytes_ = 0;
    return std::exchange(came_, {});
  }
  asio::awaitable<void> wait() {
    if (!came_.empty() || stopped_) co_return;
    timer_.expires_after(http::heartbeat_time);
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

 private:
  SpaceReaders& readers_;
  const std::int64_t space_;
  const std::string key_id_;
  const bool is_owner_;
  asio::steady_timer timer_;
  std::vector<spaces::Notice> came_;
  std::size_t bytes_ = 0;
  bool stopped_ = false;
};

/// Sends what the notices say. False: the stream has ended.
asio::awaitable<bool> say(const Loop& loop, http::Exchange& exchange, A2aStream& stream,
                          const std::vector<spaces::Notice>& notices) {
  for (const spaces::Notice& notice : notices) {
    A2aStream::Step step = stream.next(notice);
    if (step.fetch) {
      http::Answer fetched;
      co_await loop.workers.run([&] { fetched = loop.router.call(step.fetch->request); });
      step.text = stream.fetched(*step.fetch, fetched);
    }
    if (!step.text.empty()) exchange.put(step.text);
    if (step.ends) {
      co_await exchange.flush();
      co_return false;
    }
  }
  co_return co_await exchange.flush();
}

asio::awaitable<void> follow(const Loop& loop, http::Exchange& exchange, A2aStream& stream,
                             A2aReader& reader) {
  bool gone = false;
  exchange.when_client_leaves([&] {
    gone = true;
    reader.stop();
  });
  exchange.when_draining([&] { reader.stop(); });
  const auto ends = Steady::now() + stream_life;
  while (!reader.stopped() && Steady::now() < ends) {
    auto notices = reader.take();
    if (notices.empty()) {
      co_await reader.wait();
      notices = reader.take();
      if (notices.empty() && !reader.stopped()) exchange.put(": hb\n\n");
    }
    if (!co_await say(loop, exchange, stream, notices)) break;
  }
  exchange.when_client_leaves({});
  exchange.when_draining({});
  if (gone) {
    exchange.cut();
  } else {
    exchange.end();
  }
}

/// What a stream is served with.
struct Opening {
  const Loop& loop;
  http::Exchange& exchange;
  const A2aDoor& door;
  const DoorRequest& request;
  std::string_view allowed_origin;

  void respond(http::Answer answer) const {
    exchange.respond(api::with_cors(std::move(answer), allowed_origin));
  }
  void refuse() const {
    respond(door.refusal(base::Code::overloaded, request.path, exchange.request_id()));
  }
};

asio::awaitable<void> serve_stream(const Opening& opening, A2aStream& stream) {
  const Loop& loop = opening.loop;
  http::Exchange& exchange = opening.exchange;
  std::variant<api::Response, api::Reader> admitted;
  if (!co_await loop.workers.run([&] { admitted = loop.router.admit(stream.opening()); })) {
    opening.refuse();
    co_return;
  }
  if (const auto* refused = std::get_if<api::Response>(&admitted)) {
    opening.respond(stream.refused(*refused));
    co_return;
  }
  auto& reader = std::get<api::Reader>(admitted);
  exchange.set_credential_id(spaces::text_of(reader.caller.key_id));
  A2aReader listening(loop, reader);
  std::expected<std::string, http::Answer> first;
  if (!co_await loop.workers.run([&] { first = stream.first(); })) {
    opening.refuse();
    co_return;
  }
  if (!first) {
    opening.respond(std::move(first).error());
    co_return;
  }
  http::Answer head{.content_type = {}, .body = {}, .fields = std::move(reader.fields)};
  head.fields.emplace_back("Content-Type", "text/event-stream; charset=utf-8");
  head.fields.emplace_back("X-Accel-Buffering", "no");
  head = api::with_cors(std::move(head), opening.allowed_origin);
  std::vector<http::Field> fields;
  for (const auto& [name, value] : head.fields) fields.push_back({name, value});
  exchange.start(200, fields, http::Framing::chunked, 0, true);
  exchange.put(*first);
  if (co_await exchange.flush()) {
    co_await follow(loop, exchange, stream, listening);
  } else {
    exchange.cut();
  }
}

}  // namespace

asio::awaitable<void> serve_a2a(const Loop& loop, http::Exchange& exchange, const A2aDoor& door,
                                const DoorRequest& request, std::string_view allowed_origin) {
  const Opening opening{loop, exchange, door, request, allowed_origin};
  A2aReply reply;
  if (!co_await loop.workers.run([&] { reply = door.answer(request); })) {
    opening.refuse();
  } else if (reply.stream) {
    co_await serve_stream(opening, *reply.stream);
  } else {
    opening.respond(std::move(reply.answer));
  }
}

}  // namespace kronborg::doors
