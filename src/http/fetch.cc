#include "http/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>

#include "base/secret.h"
#include "base/text.h"
#include "http/client.h"
#include "http/parse.h"

namespace kronborg::http {
namespace {

using base::Code;
using base::Error;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds connect_time{10};
constexpr std::chrono::seconds name_time{15};  // a name server and the connection together
constexpr std::chrono::milliseconds tick{200};
constexpr std::string_view sent_detail = "sent";

std::string head_of(const UpstreamUrl& url, const FetchRequest& request) {
  std::string head = request.method + " " + url.base_path + request.target + " HTTP/1.1\r\n";
  head.append("Host: ").append(url.host_field).append("\r\nConnection: close\r\n");
  for (const auto& [name, value] : request.fields) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (!request.body.empty() || request.method != "GET") {
    head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  return head.append("\r\n");
}

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// Why no connection came about, in the words of somebody who gave an address.
std::string_view reason_of(const Error& error) {
  if (error.message.find("TLS") != std::string::npos) {
    return "its certificate is not valid for its name, or not known to this system";
  }
  if (error.message.find("name") != std::string::npos) return "its name is not known";
  if (error.code == Code::upstream_timeout) return "it did not take the connection in time";
  return "it does not accept connections";
}

/// Nothing that comes from a server (ids, cursors) may begin a second field or request.
bool is_well_formed(const FetchRequest& request) {
  const bool plain_target =
      std::ranges::none_of(request.target, [](char c) { return c == ' ' || c == '\t'; });
  return plain_target && is_one_line(request.method) && is_one_line(request.target) &&
         std::ranges::all_of(request.fields, [](const auto& field) {
           return is_one_line(field.first) && is_one_line(field.second);
         });
}

/// One exchange on its way.
class Fetching {
 public:
  Fetching(const UpstreamUrl& url, const FetchRequest& request, const FetchSink& sink)
      : url_(url), request_(request), sink_(sink), began_(Steady::now()) {}

  [[nodiscard]] bool done() const { return done_; }
  asio::awaitable<void> run(UpstreamPool& pool);
  /// Ends it when it was told to stop, or when it took too long.
  void judge_time();
  base::Result<FetchAnswer> result() &&;

 private:
  enum class Stage : std::uint8_t { connecting, asking, reading };

  asio::awaitable<void> exchange(UpstreamConnection& connection);
  asio::awaitable<bool> read_head(UpstreamConnection& connection);
  asio::awaitable<void> read_body(UpstreamConnection& connection);
  /// What of `input_` belongs to the body; true when that is all of it.
  bool take_chunks();
  bool take_plain();
  bool take(std::string_view bytes);
  void fail(std::string_view what);

  const UpstreamUrl& url_;
  const FetchRequest& request_;
  const FetchSink& sink_;
  Steady::time_point began_;
  Stage stage_ = Stage::connecting;
  bool done_ = false;
  ResponseHead head_;
  ChunkedReader chunks_;
  std::uint64_t left_ = 0;
  std::string input_;
  FetchAnswer answer_;
  std::optional<Error> failure_;
};

void Fetching::fail(std::string_view what) {
  if (failure_) return;
  failure_ = Error(Code::server_unreachable, fmt::format("{}: {}", url_.host_field, what),
                   "Is it running, and is its address right?");
  if (stage_ != Stage::connecting) {
    failure_->details.push_back({.name = std::string(sent_detail), .value = std::int64_t{1}});
  }
}

void Fetching::judge_time() {
  if (done_) return;
  const auto now = Steady::now();
  if (request_.stop && request_.stop()) {
    answer_.stopped = done_ = true;
  } else if (stage_ == Stage::connecting && now - began_ >= name_time) {
    fail("no connection came about in time");
    done_ = true;
  } else if ((stage_ != Stage::reading || !sink_) && now - began_ >= request_.whole) {
    fail("it took too long");
    done_ = true;
  }
}

base::Result<FetchAnswer> Fetching::result() && {
  if (failure_ && !answer_.stopped) return *std::move(failure_);
  return std::move(answer_);
}

bool Fetching::take(std::string_view bytes) {
  if (bytes.empty()) return true;
  if (sink_ && answer_.status >= 200 && answer_.status < 300) {
    answer_.stopped = !sink_(bytes);
    return !answer_.stopped;
  }
  if (answer_.body.size() + bytes.size() > request_.most_bytes) {
    fail("the answer is too large");
    return false;
  }
  answer_.body.append(bytes);
  return true;
}

asio::awaitable<void> Fetching::run(UpstreamPool& pool) {
  auto taken = pool.take(true);
  if (!taken) {
    failure_ = taken.error();
  } else if (const auto opened = co_await (*taken)->open(); !opened) {
    fail(reason_of(opened.error()));
  } else {
    stage_ = Stage::asking;
    co_await exchange(**taken);
    (*taken)->close();
  }
  done_ = true;
}

asio::awaitable<void> Fetching::exchange(UpstreamConnection& connection) {
  std::string head_text = head_of(url_, request_);
  const bool sent = co_await connection.write(request_.patience, head_text, request_.body);
  base::wipe(head_text.data(), head_text.size());
  // A refusal may come before the body was taken: what the server says counts.
  if (!co_await read_head(connection)) {
    if (!sent) fail("the request could not be sent");
    co_return;
  }
  stage_ = Stage::reading;
  co_await read_body(connection);
}

asio::awaitable<bool> Fetching::read_head(UpstreamConnection& connection) {
  for (;;) {
    std::size_t consumed = 0;
    const auto state = parse_response_head(input_, request_.method, head_, consumed);
    if (!state) {
      fail("what answered does not speak HTTP");
      co_return false;
    }
    if (*state == ParseState::complete) {
      answer_.status = head_.status;
      for (const Field& field : head_.fields) answer_.fields.emplace_back(field.name, field.value);
      head_.fields.clear();  // they are views into what is erased next
      input_.erase(0, consumed);
      if (head_.status >= 200) {
        answer_.content_type = answer_.field("content-type");
        co_return true;
      }
      answer_.fields.clear();
      continue;
    }
    const Received received = co_await connection.read_some(request_.patience);
    input_.append(received.bytes);
    if (received.bytes.empty() && received.end != StreamEnd::open) {
      fail(connection.timed_out() ? "it did not answer in time" : "it closed the connection");
      co_return false;
    }
  }
}

asio::awaitable<void> Fetching::read_body(UpstreamConnection& connection) {
  if (head_.body == BodyKind::none && !head_.until_close) co_return;
  left_ = head_.content_length;
  for (;;) {
    if (head_.body == BodyKind::chunked ? take_chunks() : take_plain()) co_return;
    const Received received = co_await connection.read_some(request_.patience);
    input_.append(received.bytes);
    if (!received.bytes.empty() || received.end == StreamEnd::open) continue;
    const bool whole = head_.until_close && received.end == StreamEnd::clean;
    if (!whole) fail(connection.timed_out() ? "nothing came any more" : "the answer was cut off");
    co_return;
  }
}

bool Fetching::take_chunks() {
  std::string_view rest = input_;
  while (!rest.empty()) {
    const auto step = chunks_.next(rest);
    if (!step) {
      fail("the answer is not valid HTTP");
      return true;
    }
    if (!take(step->data) || step->finished) return true;
    if (step->consumed == 0) break;
    rest.remove_prefix(step->consumed);
  }
  input_.erase(0, input_.size() - rest.size());
  return false;
}

bool Fetching::take_plain() {
  std::string_view part = input_;
  if (!head_.until_close) {
    part = part.substr(0, left_);
    left_ -= part.size();
  }
  const bool more = take(part);
  input_.clear();
  return !more || (!head_.until_close && left_ == 0);
}

/// The loop goes before the pool: an exchange that was left waiting ends with it, and its
/// connection is one of the pool.
struct Places {
  explicit Places(const UpstreamUrl& url)
      : loop(std::make_unique<asio::io_context>(1)), pool(*loop, url, connect_time, 1) {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;
  ~Places() { loop.reset(); }

  std::unique_ptr<asio::io_context> loop;
  UpstreamPool pool;
};

}  // namespace

std::string_view FetchAnswer::field(std::string_view name) const {
  const auto found = std::ranges::find_if(
      fields, [&](const auto& field) { return base::equal_ignoring_case(field.first, name); });
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

base::Result<FetchAnswer> fetch(const UpstreamUrl& url, const FetchRequest& request,
                                const FetchSink& sink) {
  if (!is_well_formed(request)) {
    return Error(Code::usage, "a part of the request holds a line break or a space",
                 "check the ids and names that were given");
  }
  Fetching fetching(url, request, sink);
  Places places(url);
  asio::co_spawn(*places.loop, fetching.run(places.pool), asio::detached);
  while (!fetching.done()) {
    places.loop->run_for(tick);
    if (places.loop->stopped()) places.loop->restart();
    places.pool.tick(Steady::now());
    fetching.judge_time();
  }
  return std::move(fetching).result();
}

bool may_have_arrived(const Error& error) {
  return std::ranges::any_of(error.details,
                             [](const auto& detail) { return detail.name == sent_detail; });
}

}  // namespace kronborg::http
