#include "app/surface.h"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <span>

#include "app/surface_parts.h"
#include "base/text.h"
#include "gate/paths.h"
#include "gate/source.h"
#include "http/limits.h"
#include "http/parse.h"

namespace kronborg::app {
namespace {

namespace asio = boost::asio;
using base::Code;
using base::Error;

constexpr std::chrono::milliseconds tick_time{250};
constexpr int ticks_per_usage_flush = 8;      // last use reaches the store within 2 s
constexpr std::size_t uses_per_commit = 512;  // a revocation waits for one such commit at most
constexpr std::chrono::milliseconds event_poll_time{200};
constexpr int events_at_once = 100;

bool is_safe_method(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

constexpr std::string_view api_fields[] = {
    "content-type",     "accept",      "idempotency-key",
    "prefer",           "api-version", "if-none-match",
    "content-encoding", "if-match",    "x-fencing-token",
    "last-event-id",    "sec-purpose", "access-control-request-private-network"};

}  // namespace

Surface::Surface(const SharedSurface& shared, asio::io_context& loop)
    : shared_(shared),
      loop_(loop),
      gate_(shared.gate, shared.app.board(), shared.app.clock(), loop,
            [&app = shared.app](base::Code code, std::string_view source) {
              app.metrics().auth_failure(base::facts(code).name);
              app.audit().note_refusal(code, source);
            },
            {.rules = shared.app.settings().tokens,
             .replay = shared.app.replay(),
             .hot = shared.app.hot_devices(),
             .workers = shared.workers}),
      known_key_(shared.app.router().known_key()),
      readers_(loop, shared.app.feed()),
      doors_{loop, shared.workers, shared.app.router(), readers_},
      timer_(loop) {
  schedule();
}

Surface::~Surface() = default;

void Surface::schedule() {
  timer_.expires_after(tick_time);
  timer_.async_wait([this](const boost::system::error_code& stopped) {
    if (stopped) return;
    tick();
    schedule();
  });
}

void Surface::tick() {
  gate_.tick();
  shared_.app.pairing().requests.expire();
  shared_.channel.sweep();
  if (++ticks_ % ticks_per_usage_flush != 0) return;
  auto usage = gate_.collect_usage();
  if (usage.empty()) return;
  const auto posted = shared_.workers.post([&app = shared_.app, usage = std::move(usage)] {
    for (std::span<const authority::Usage> left(usage); !left.empty();) {
      const auto some = left.first(std::min(left.size(), uses_per_commit));
      left = left.subspan(some.size());
      if (auto recorded = app.access_keys().record_usage(some); !recorded) {
        app.warn("last use could not be recorded: " + std::string(recorded.error().text()));
        break;
      }
    }
  });
  if (!posted) shared_.app.warn("last use could not be recorded: all workers are busy");
}

std::optional<Error> Surface::check_origin(const http::Exchange& exchange, bool for_gate) const {
  const auto& head = exchange.request();
  const auto& settings = shared_.app.settings();
  if (!settings.hosts.allows(head.host)) return Error(Code::host_not_allowed);
  // The gate needs a credential that no browser adds by itself; its CORS answers decide there.
  const auto path = path_of(head);
  const bool is_mcp = shared_.app.router().is_mcp_door(path);
  if (for_gate || (is_safe_method(head.method) && !is_mcp)) return std::nullopt;
  const auto origin = head.field("origin");
  if (!origin || *origin == settings.origin) return std::nullopt;
  if (!allowed_origin(exchange, path).empty()) return std::nullopt;
  return Error(Code::origin_not_allowed);
}

bool Surface::has_metrics_access(const http::Exchange& exchange) const {
  const auto& admin = shared_.app.settings().admin_listen;
  if (admin && exchange.peer().local_port == admin->port && !exchange.peer().sealed) return true;
  const auto bearer = http::bearer(exchange.request());
  return bearer && shared_.app.router().opens_metrics(bearer->reveal());
}

bool Surface::belongs_to_gate(const http::Exchange& exchange, std::string_view path) const {
  if (exchange.peer().unix_socket || shared_.app.router().owns(path)) return false;
  return path != "/metrics" || !has_metrics_access(exchange);
}

api::CallerKind Surface::caller(const http::Exchange& exchange) const {
  const auto& peer = exchange.peer();
  const bool owner =
      peer.unix_socket && !peer.sealed && (peer.uid == shared_.owner || peer.uid == 0);
  return owner ? api::CallerKind::owner : api::CallerKind::anonymous;
}

bool Surface::answer_now(http::Exchange& exchange) {
  const auto& head = exchange.request();
  if (gate::is_forward_auth(head.path) && !exchange.peer().unix_socket) {
    exchange.set_route("/gate/verify");
    if (auto refused = check_origin(exchange, true)) {
      refuse_now(exchange, *refused);
      return true;
    }
    return gate_.answer_now(exchange);
  }
  const auto path = path_of(head);
  const bool for_channel = is_for_channel(exchange, path);
  const auto pairing = pairing_route_of(exchange);
  const bool for_gate = !for_channel && !pairing && belongs_to_gate(exchange, path);
  if (!exchange.peer().unix_socket) {
    if (auto refused = check_origin(exchange, for_gate)) {
      refuse_at_door(exchange, path, *refused);
      return true;
    }
  }
  if (pairing) {
    exchange.set_route(api::facts(*pairing).path);
    return false;
  }
  if (for_channel) {
    exchange.set_route(gate::normalised(path));
    return false;
  }
  if (for_gate) {
    exchange.set_route("gate");
    return gate_.answer_now(exchange);
  }
  if (asks_plainly(exchange, path)) return answer_known_key(exchange);
  auto& router = shared_.app.router();
  if (router.is_door(path) && !(head.method == "GET" && path == "/.well-known/mcp")) {
    exchange.set_route(path);
    return false;
  }
  exchange.set_route(router.route_template(path));
  const bool has_body = head.body != http::BodyKind::none;
  if (has_body || !router.quick(head.method, path, caller(exchange))) return false;
  exchange.respond(router.call(api_request(exchange, path)));
  return true;
}

asio::awaitable<void> Surface::answer(http::Exchange& exchange) {
  const auto path = path_of(exchange.request());
  if (is_for_channel(exchange, path)) {
    co_await answer_channel(exchange, path);
  } else if (const auto pairing = pairing_route_of(exchange)) {
    co_await answer_pairing(exchange, *pairing);
  } else if (gate::is_forward_auth(path) || belongs_to_gate(exchange, path)) {
    co_await gate_.answer(exchange);
  } else if (shared_.app.router().is_event_stream(exchange.request().method, path) &&
             caller(exchange) == api::CallerKind::owner) {
    co_await stream_events(exchange);
  } else if (shared_.app.router().is_door(path)) {
    co_await answer_door(exchange, path);
  } else if (path.starts_with("/oresundspace/space/")) {
    co_await answer_space(exchange, path);
  } else {
    co_await answer_api(exchange);
  }
}

api::Request Surface::api_request(const http::Exchange& exchange, std::string_view path) const {
  const auto& head = exchange.request();
  api::Request request;
  request.method = head.method;
  request.path = path;
  request.query = head.query;
  for (const auto name : api_fields) {
    if (const auto value = head.field(name)) request.fields.emplace_back(name, *value);
  }
  request.caller = caller(exchange);
  for (const auto& secret : head.secrets)
    request.credential_sent = request.credential_sent || secret.has_value();
  request.metrics_access = path == "/metrics" && has_metrics_access(exchange);
  request.source_address = gate::source_address(*shared_.gate, exchange);
  request.request_id = exchange.request_id();
  request.private_key = shared_secret(head.secret(http::SecretField::private_key));
  request.user_token = shared_secret(head.secret(http::SecretField::user_token));
  request.join_token = shared_secret(head.secret(http::SecretField::join_token));
  request.bearer = shared_secret(http::bearer(head));
  request.browser = is_browser(head);
  request.allowed_origin = allowed_origin(exchange, path);
  return request;
}

void Surface::refuse_now(http::Exchange& exchange, const Error& error) {
  const auto accept = exchange.request().field("accept").value_or("");
  exchange.respond(shared_.app.router().refuse_early(
      error, exchange.request_id(), accept, gate::source_address(*shared_.gate, exchange)));
}

asio::awaitable<void> Surface::answer_api(http::Exchange& exchange) {
  auto& router = shared_.app.router();
  auto request = api_request(exchange, path_of(exchange.request()));
  // What only the owner may ask for is not read at length from anybody else.
  const bool owners = request.path.starts_with("/api/v1/");
  auto limit = router.body_limit(request.method, request.path);
  if (owners && request.caller != api::CallerKind::owner) {
    limit = std::min(limit, http::default_body_limit_bytes);
  }
  auto body = co_await exchange.read_body(limit);
  if (!body) {
    refuse_now(exchange, body.error());
    co_return;
  }
  request.body = std::move(*body);
  if (router.quick(request.method, request.path, request.caller)) {
    exchange.respond(router.call(request));
    co_return;
  }
  http::Answer answer;
  const bool run = co_await shared_.workers.run([&] { answer = router.call(request); });
  base::wipe(request.body.data(), request.body.size());
  if (!run) {
    refuse_now(exchange, Code::overloaded);
    co_return;
  }
  exchange.respond(answer);
  base::wipe(answer.body.data(), answer.body.size());
}

asio::awaitable<void> Surface::stream_events(http::Exchange& exchange) {
  auto& app = shared_.app;
  std::int64_t after = app.audit().newest_seq();
  if (const auto last = exchange.request().field("last-event-id")) {
    std::from_chars(last->data(), last->data() + last->size(), after);
  }
  const http::Field type{"Content-Type", "text/event-stream"};
  exchange.start(200, std::span(&type, 1), http::Framing::chunked, 0, true);
  exchange.put(": kronborg events\n\n");
  auto silent_since = std::chrono::steady_clock::now();
  asio::steady_timer pause(loop_);
  bool there = co_await exchange.flush();
  while (there && !shared_.draining()) {
    if (app.audit().newest_seq() > after) {
      base::Result<std::vector<api::Event>> events{base::Code::overloaded};
      co_await shared_.workers.run(
          [&] { events = app.router().events_after(after, events_at_once); });
      if (!events) break;
      for (const auto& event : *events) {
        exchange.put("id: " + std::to_string(event.seq) + "\nevent: " + event.kind +
                     "\ndata: " + event.data + "\n\n");
        after = event.seq;
      }
    } else if (std::chrono::steady_clock::now() - silent_since >= http::heartbeat_time) {
      exchange.put(": heartbeat\n\n");
    } else {
      pause.expires_after(event_poll_time);
      co_await pause.async_wait(asio::use_awaitable);
      continue;
    }
    silent_since = std::chrono::steady_clock::now();
    there = co_await exchange.flush();
  }
  exchange.end();
}

http::Answer Surface::refuse(const Error& error, std::string_view request_id) {
  return api::error_response(error, request_id, "", shared_.app.settings().origin);
}

}  // namespace kronborg::app
