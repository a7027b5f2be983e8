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

}  // namespace

SpaceStream::SpaceStream(const Loop& loop, http::Exchange& exchange, api::Reader reader)
    : loop_(loop),
      exchange_(exchange),
      reader_(std::move(reader)),
      key_id_(spaces::text_of(reader_.caller.key_id)),
      is_owner_(reader_.caller.type == spaces::KeyType::owner),
      end_(loop.context) {
  loop_.readers.add(reader_.caller.space, *this);
}

SpaceStream::~SpaceStream() { loop_.readers.remove(reader_.caller.space, *this); }

asio::awaitable<void> SpaceStream::serve() {
  if (auto refused = co_await begin()) {
    exchange_.respond(api::error_response(*refused, exchange_.request_id(),
                                          exchange_.request().field("accept").value_or(""),
                                          loop_.router.settings().origin));
    co_return;
  }
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

asio::awaitable<std::optional<base::Error>> SpaceStream::begin() {
  base::Result<api::Snapshot> snapshot(base::Code::overloaded);
  co_await loop_.workers.run([&] { snapshot = loop_.router.snapshot(reader_); });
  if (!snapshot) co_return snapshot.error();
  std::vector<http::Field> fields{{"Content-Type", "text/event-stream; charset=utf-8"},
                                  {"X-Accel-Buffering", "no"}};
  for (const auto& [name, value] : reader_.fields) fields.push_back({name, value});
  exchange_.start(200, fields, http::Framing::chunked, 0, true);
  exchange_.put("retry: 3000\n\nevent: space\ndata: " + snapshot->space + "\n\n");
  reader_.fields.clear();
  reader_.fields.shrink_to_fit();
  last_ = reader_.after.value_or(snapshot->last_seq);
  if (!co_await exchange_.flush() || !co_await replay(snapshot->last_seq)) finish(Ending::cut);
  co_return std::nullopt;
}

asio::awaitable<bool> SpaceStream::replay(std::int64_t until) {
  while (last_ < until && ending_ == Ending::none) {
    base::Result<api::Router::Replay> page(base::Code::overloaded);
    co_await loop_.workers.run([&] { page = loop_.router.replay(reader_, last_, until); });
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
      push(ended_event(with_key_id(notice.data, key_id_)));
      finish(Ending::whole);
    } else if (notice.ended_key_id == key_id_) {
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
  push(heard.text(reader_.for_browser));
}

void SpaceStream::push(std::string_view text) {
  spoke_at_ = std::chrono::steady_clock::now();
  if (!exchange_.push(text, most_queued_bytes)) finish(Ending::cut);
}

void SpaceStream::finish(Ending ending) {
  if (ending_ == Ending::none) ending_ = ending;
  end_.cancel();
}

asio::awaitable<void> serve_space_stream(const Loop& loop, http::Exchange& exchange,
                                         api::Request request) {
  std::variant<api::Response, api::Reader> admitted;
  const bool run = co_await loop.workers.run([&] { admitted = loop.router.admit(request); });
  if (!run) admitted = api::error_response(base::Code::overloaded, exchange.request_id(), "", "");
  if (const auto* refused = std::get_if<api::Response>(&admitted)) {
    exchange.respond(*refused);
    co_return;
  }
  exchange.set_credential_id(spaces::text_of(std::get<api::Reader>(admitted).caller.key_id));
  SpaceStream stream(loop, exchange, std::get<api::Reader>(std::move(admitted)));
  request = {};
  co_await stream.serve();
}

}  // namespace kronborg::doors
