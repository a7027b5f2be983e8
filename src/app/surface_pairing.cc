#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "app/surface.h"
#include "app/surface_parts.h"
#include "gate/paths.h"
#include "gate/source.h"
#include "pairing/error_bodies.h"

namespace kronborg::app {
namespace {

namespace asio = boost::asio;
using base::Code;

constexpr std::string_view relay_field = "x-osaurus-relay-origin";

/// One connector that waits for the owner. Lives on its event loop; the decision comes from
/// anywhere.
struct Waiting {
  explicit Waiting(asio::io_context& loop) : timer(loop, asio::steady_timer::time_point::max()) {}

  void wake() { timer.cancel(); }
  [[nodiscard]] bool is_over() const { return decision.has_value() || gone || draining; }

  asio::steady_timer timer;
  std::optional<pairing::Decision> decision;
  bool gone = false;
  bool draining = false;
};

/// Takes the request back at the latest when its coroutine ends, however that comes about: a later
/// decision would be told to a loop that is gone.
class Withdrawal {
 public:
  Withdrawal(pairing::Requests& requests, std::string id)
      : requests_(requests), id_(std::move(id)) {}
  ~Withdrawal() { requests_.withdraw(id_); }
  Withdrawal(const Withdrawal&) = delete;
  Withdrawal& operator=(const Withdrawal&) = delete;

 private:
  pairing::Requests& requests_;
  std::string id_;
};

}  // namespace

std::optional<api::PairingRoute> Surface::pairing_route_of(const http::Exchange& exchange) {
  if (exchange.peer().unix_socket || exchange.peer().sealed) return std::nullopt;
  return api::pairing_route(gate::normalised(exchange.request().path));
}

asio::awaitable<std::optional<api::PairingCall>> Surface::read_pairing_call(
    http::Exchange& exchange) {
  const auto& head = exchange.request();
  api::PairingCall call;
  call.source_address = gate::source_address(*shared_.gate, exchange);
  call.request_id = exchange.request_id();
  call.relayed = head.field(relay_field).has_value();
  call.query = head.query;
  call.bearer = shared_secret(http::bearer(head));
  std::size_t size = head.body == http::BodyKind::length ? head.content_length : 0;
  std::string body;
  if (head.body != http::BodyKind::none && size <= pairing::max_body_bytes) {
    for (;;) {
      const auto some = co_await exchange.read_body_some();
      if (!some) {
        refuse_now(exchange, some.error());
        co_return std::nullopt;
      }
      if (some->empty()) break;
      body.append(reinterpret_cast<const char*>(some->data()), some->size());
      size = body.size();
      if (size > pairing::max_body_bytes) break;
    }
  }
  if (size > pairing::max_body_bytes) {
    exchange.respond(api::PairingDoor::too_large(size));
    co_return std::nullopt;
  }
  call.body = base::SecretText(body);
  base::wipe(body.data(), body.size());
  co_return std::move(call);
}

asio::awaitable<void> Surface::answer_pairing(http::Exchange& exchange, api::PairingRoute route) {
  const auto& wanted = api::facts(route);
  auto& router = shared_.app.router();
  if (exchange.request().method != wanted.method) {
    exchange.respond(router.call(api_request(exchange, wanted.path)));
    co_return;
  }
  auto call = co_await read_pairing_call(exchange);
  if (!call) co_return;
  api::Router::RateFields fields;
  if (const auto refused =
          router.take_source_rate(api::Policy::source, call->source_address, fields)) {
    auto answer = api::PairingDoor::refusal(route, *refused);
    answer.fields = std::move(fields);
    exchange.respond(answer);
    co_return;
  }
  if (route == api::PairingRoute::pair) {
    co_await answer_pair(exchange, *call);
    co_return;
  }
  bool gone = false;
  exchange.when_client_leaves([&gone] { gone = true; });
  api::PairingReply reply;
  if (!co_await shared_.workers.run(
          [&] { reply = shared_.app.pairing_door().answer(route, *call); })) {
    reply.response = api::PairingDoor::refusal(route, Code::overloaded);
  }
  exchange.when_client_leaves({});
  co_await deliver(exchange, *call, std::move(reply), gone);
}

asio::awaitable<void> Surface::answer_pair(http::Exchange& exchange, const api::PairingCall& call) {
  auto& door = shared_.app.pairing_door();
  const auto waiting = std::make_shared<Waiting>(loop_);
  base::Result<pairing::Asked> asked(Code::overloaded);
  co_await shared_.workers.run([&] {
    asked = door.ask(call, [waiting, &loop = loop_](const pairing::Decision& decision) {
      asio::post(loop, [waiting, decision] {
        waiting->decision = decision;
        waiting->wake();
      });
    });
  });
  if (!asked) {
    exchange.respond(api::PairingDoor::refusal(api::PairingRoute::pair, asked.error()));
    co_return;
  }
  const Withdrawal withdrawal(shared_.app.pairing().requests, asked->request_id);
  exchange.when_client_leaves([waiting] {
    waiting->gone = true;
    waiting->wake();
  });
  exchange.when_draining([waiting] {
    waiting->draining = true;
    waiting->wake();
  });
  // It may have begun before there was anybody to tell.
  if (shared_.draining()) waiting->draining = true;
  while (!waiting->is_over()) {
    boost::system::error_code woken;
    co_await waiting->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  api::PairingReply reply;
  const bool run = co_await shared_.workers.run([&] {
    // Whoever has left gets no key, whatever was decided in the same moment.
    if (waiting->gone || !waiting->decision) {
      door.withdraw(*asked);
      reply.response = api::PairingDoor::refusal(api::PairingRoute::pair, Code::pairing_denied);
    } else {
      reply = door.answer(*asked, *waiting->decision);
    }
  });
  exchange.when_draining({});
  if (!run) reply.response = api::PairingDoor::refusal(api::PairingRoute::pair, Code::overloaded);
  exchange.when_client_leaves({});
  co_await deliver(exchange, call, std::move(reply), waiting->gone);
}

asio::awaitable<void> Surface::deliver(http::Exchange& exchange, const api::PairingCall& call,
                                       api::PairingReply reply, bool gone) {
  http::Answer& answer = reply.response;
  if (gone) {
    exchange.cut();
    base::wipe(answer.body.data(), answer.body.size());
    if (reply.key_id) co_await revoke_undelivered(call, *reply.key_id);
    co_return;
  }
  if (!reply.key_id) {
    exchange.respond(answer);
    co_return;
  }
  const http::Field type{.name = "Content-Type", .value = answer.content_type};
  exchange.start(answer.status, std::span(&type, 1), http::Framing::length, answer.body.size(),
                 true);
  exchange.put(answer.body);
  const bool there = co_await exchange.flush();
  exchange.end();
  base::wipe(answer.body.data(), answer.body.size());
  if (!there) co_await revoke_undelivered(call, *reply.key_id);
}

asio::awaitable<void> Surface::revoke_undelivered(const api::PairingCall& call,
                                                  std::string key_id) {
  auto& app = shared_.app;
  base::Result<void> revoked(Code::overloaded);
  co_await shared_.workers.run([&] { revoked = app.pairing_door().undelivered(call, key_id); });
  if (!revoked) {
    app.warn("a key that nobody received could not be revoked: " +
             std::string(revoked.error().text()));
  }
}

}  // namespace kronborg::app
