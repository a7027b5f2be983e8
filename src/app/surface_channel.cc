#include <exception>

#include "app/surface.h"
#include "app/surface_parts.h"
#include "channel/error_bodies.h"
#include "doors/sealed_exchange.h"
#include "gate/paths.h"
#include "gate/source.h"
#include "http/limits.h"
#include "pairing/error_bodies.h"

namespace kronborg::app {
namespace {

namespace asio = boost::asio;
using base::Code;
using base::Error;

constexpr std::size_t handshake_body_limit = 65'536;  // secure-channel.md section 1
/// What takes longer to open leaves the event loop.
constexpr std::size_t most_opened_here = 128U << 10U;

}  // namespace

bool Surface::is_for_channel(const http::Exchange& exchange, std::string_view path) {
  if (exchange.request().method != "POST" || exchange.peer().sealed) return false;
  const std::string_view plain = gate::normalised(path);
  return plain == "/secure/session" || plain == "/secure/call";
}

asio::awaitable<void> Surface::answer_channel(http::Exchange& exchange, std::string path) {
  if (gate::normalised(path) == "/secure/session") {
    co_await answer_handshake(exchange);
  } else {
    co_await answer_call(exchange);
  }
}

asio::awaitable<void> Surface::answer_handshake(http::Exchange& exchange) {
  auto body = co_await exchange.read_body(handshake_body_limit);
  if (!body && body.error().code == Code::body_too_large) {
    exchange.respond({.status = body.error().status(),
                      .content_type = "application/json",
                      .body = pairing::body_too_large_error(exchange.request().content_length),
                      .fields = {}});
    co_return;
  }
  if (!body) {
    refuse_now(exchange, body.error());
    co_return;
  }
  const std::string source(gate::source_address(*shared_.gate, exchange));
  http::Answer answer;
  const bool run =
      co_await shared_.workers.run([&] { answer = shared_.channel.shake(source, *body); });
  if (run) {
    exchange.respond(answer);
  } else {
    refuse_now(exchange, Code::overloaded);
  }
}

asio::awaitable<base::Result<channel::OpenedCall>> Surface::open_call(http::Exchange& exchange) {
  const std::size_t limit = shared_.gate->body_limit_bytes;
  const auto& head = exchange.request();
  const bool known = head.body != http::BodyKind::chunked;
  const auto place = shared_.channel.room().take(known ? head.content_length : limit);
  if (!place) co_return Code::overloaded;
  auto body = co_await exchange.read_body(limit);
  if (!body) co_return body.error();
  base::Result<channel::OpenedCall> opened(Code::overloaded);
  if (body->size() <= most_opened_here) {
    opened = shared_.channel.open(*body);
  } else {
    co_await shared_.workers.run([&] { opened = shared_.channel.open(*body); });
  }
  co_return opened;
}

asio::awaitable<void> Surface::answer_call(http::Exchange& exchange) {
  std::unique_ptr<doors::SealedExchange> inner;
  {
    auto opened = co_await open_call(exchange);
    auto sealed = opened ? doors::SealedExchange::open(exchange, *std::move(opened))
                         : base::Result<std::unique_ptr<doors::SealedExchange>>(opened.error());
    if (!sealed) {
      const Error& error = sealed.error();
      if (base::facts(error.code).name.starts_with("secure_")) {
        exchange.respond(refused_call(error));
      } else {
        refuse_now(exchange, error);
      }
      co_return;
    }
    inner = *std::move(sealed);
  }
  bool failed = false;
  try {
    if (!answer_now(*inner)) co_await answer(*inner);
  } catch (const std::exception& failure) {
    shared_.app.warn("a request inside a Secure Channel failed: " + std::string(failure.what()));
    failed = true;
  }
  if (failed && inner->started()) {
    inner->cut();
  } else if (failed) {
    inner->respond(refuse(Code::internal_error, exchange.request_id()));
  }
  co_await inner->finish(shared_.workers);
}

}  // namespace kronborg::app
