#include "doors/space_stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "http/limits.h"

namespace kronborg::doors {
namespace {

namespace asio = boost::asio;

/// The end of a space is told to all of its readers in one notice; each is also told its own key.
std::string with_key_id(const std::string& data, const std::string& key_id) {
  return data.substr(0, data.size() - 1) + ",\"keyId\":\"" + key_id + "\"}";
}

std::string ended_event(const std::string& data) {
  return "event: key_revoked\ndata: " + data + "\n\n";
}

/// Null: it was refused, and the refusal is the answer. A coroutine of its own, because what it
/// needs would be kept as long as the stream.
asio::awaitable<std::unique_ptr<api::Reader>> admit(const Loop& loop, http::Exchange& exchange,
                                                    std::unique_ptr<api::Request> request) {
  std::variant<api::Response, api::Reader> admitted;
  const bool run = co_await loop.workers.run([&] { admitted = loop.router.admit(*request); });
  if (!run) admitted = api::error_response(base::Code::overloaded, exchange.request_id(), "", "");
  if (const auto* refused = std::get_if<api::Response>(&admitted)) {
    exchange.respond(*refused);
    co_return nullptr;
  }
  auto reader = std::make_unique<api::Reader>(std::get<api::Reader>(std::move(admitted)));
  exchange.set_credential_id(spaces::text_of(reader->caller.key_id));
  co_return reader;
}

}  // namespace

SpaceStream::SpaceStream(const Loop& loop, http::Exchange& exchange,
                         std::unique_ptr<api::Reader> reader)
    : loop_(loop),
      exchange_(exchange),
      reader_(std::move(reader)),
      space_(reader_->caller.space),
      key_id_(reader_->caller.key_id),
      is_owner_(reader_->caller.type == spaces::KeyType::owner),
      for_browser_(reader_->for_browser),
      place_(std::move(reader_->place)),
      end_(loop.context) {
  loop_.readers.add(space_, *this);
}

SpaceStream::~SpaceStream() { loop_.readers.remove(space_, *this); }

asio::awaitable<void> SpaceStream::serve() {
  if (!co_await begin()) co_return;
  exchange_.when_client_leaves([this] { finish(Ending::cut); });
  exchange_.when_draining([this] { finish(Ending::whole); });
  co_await follow();
  exchange_.when_client_leaves({});
  exchange_.when_draining({});
  if (ending_ == Ending::cut) {
    exchange_.cut();
  } else {
    exchange_.end();
    exchange_.cut();  // behind the last chunk: the connection closes too (section 8.4)
  }
}

asio::awaitable<bool> SpaceStream::begin() {
  base::Result<api::Snapshot> snapshot(base::Code::overloaded);
  co_await loop_.workers.run([&] { snapshot = loop_.router.snapshot(*reader_); });
  if (!snapshot) {
    exchange_.respond(api::error_response(snapshot.error(), exchange_.request_id(),
                                          exchange_.request().field("accept").value_or(""),
                                          loop_.router.settings().origin));
    co_return false;
  }
  std::vector<http::Field> fields{{"Content-Type", "text/event-stream; charset=utf-8"},
                                  {"X-Accel-Buffering", "no"}};
  for (const auto& [name, value] : reader_->fields) fields.push_back({name, value});
  exchange_.start(200, fields, http::Framing::chunked, 0, true);
  exchange_.put("retry: 3000\n\nevent: space\ndata: " + snapshot->space + "\n\n");
  last_ = reader_->after.value_or(snapshot->last_seq);
  if (!co_await exchange_.flush() || !co_await replay(snapshot->last_seq)) finish(Ending::cut);
  reader_.reset();
  co_return true;
}

asio::awaitable<bool> SpaceStream::replay(std::int64_t until) {
  while (last_ < until && ending_ == Ending::none) {
    base::Result<api::Router::Replay> page(base::Code::overloaded);
    co_await loop_.workers.run([&] { page = loop_.router.replay(*reader_, last_, until); });
    if (!page) co_return false;
    exchange_.put(page->text);
    if (!co_await exchange_.flush()) co_return false;
    if (page->last <= last_) break;
    last_ = page->last;
  }
  co_return true;
}

asio::awaitable<void> SpaceStream::follow() {
  live_ = true;
  for (std::size_t i = 0; i < early_.size() && ending_ == Ending::none; ++i) {
    Heard heard(early_[i]);
    say(heard);
  }
  early_ = {};
  heard_all();
  exchange_.rest();
  const auto began = std::chrono::steady_clock::now();
  spoke_at_ = began;
  while (ending_ == Ending::none) {
    end_.expires_at(std::min(spoke_at_ + http::heartbeat_time, began + stream_life));
    boost::system::error_code woken;
    co_await end_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (ending_ != Ending::none) break;
    const auto now = std::chrono::steady_clock::now();
    if (now - began >= stream_life) {
      ending_ = Ending::whole;
    } else if (now - spoke_at_ >= http::heartbeat_time) {
      push(": hb\n\n");
      heard_all();
    }
  }
  co_await exchange_.flush();
}

void SpaceStream::hear(Heard& heard) {
  if (ending_ != Ending::none) return;
  if (live_) {
    say(heard);
    return;
  }
  early_bytes_ += heard.notice().data.size() + heard.notice().browser_data.size();
  if (early_bytes_ > most_queued_bytes) {
    finish(Ending::cut);
  } else {
    early_.push_back(heard.notice());
  }
}

void SpaceStream::say(Heard& heard) {
  const spaces::Notice& notice = heard.notice();
  if (notice.kind == spaces::NoticeKind::key_ended) {
    if (notice.ends_space) {
      push(ended_event(with_key_id(notice.data, spaces::text_of(key_id_))));
      finish(Ending::whole);
    } else if (notice.ended_key_id == spaces::text_of(key_id_)) {
      push(ended_event(notice.data));
      finish(Ending::whole);
    }
    return;
  }
  if (notice.audience == spaces::Audience::owner && !is_owner_) return;
  if (notice.seq != 0) {
    if (notice.seq <= last_) return;
    last_ = notice.seq;
  }
  push(heard.text(for_browser_));
}

void SpaceStream::push(std::string_view text) {
  spoke_at_ = std::chrono::steady_clock::now();
  if (!exchange_.queue(text, most_queued_bytes)) finish(Ending::cut);
}

void SpaceStream::heard_all() {
  if (live_ && ending_ != Ending::cut && !exchange_.send_queued()) finish(Ending::cut);
}

void SpaceStream::finish(Ending ending) {
  if (ending_ == Ending::none) ending_ = ending;
  end_.cancel();
}

asio::awaitable<void> serve_space_stream(const Loop& loop, http::Exchange& exchange,
                                         std::unique_ptr<api::Request> request) {
  auto reader = co_await admit(loop, exchange, std::move(request));
  if (!reader) co_return;
  SpaceStream stream(loop, exchange, std::move(reader));
  co_await stream.serve();
}

}  // namespace kronborg::doors
