#include "gate/gate.h"

#include <utility>

#include "gate/entrance.h"

namespace kronborg::gate {

struct Gate::State {
  State(std::shared_ptr<const Settings> given, const authority::PolicyBoard& policies,
        const base::Clock& clock, asio::io_context& loop, RefusalSink refused,
        const TokenParts& given_tokens)
      : settings(std::move(given)),
        board(policies),
        refusals(settings->origin),
        verifier(policies, clock),
        token_parts(given_tokens),
        tokens(policies, clock, given_tokens.rules, given_tokens.replay, given_tokens.hot),
        upstreams(loop, *settings),
        room(*settings, refusals),
        entrance(*settings, refusals, verifier, tokens, upstreams, room, std::move(refused)) {}

  /// Has the store decide on a visitor who is `pending`.
  asio::awaitable<void> settle(Visitor& visitor) const {
    base::Result<authority::TokenDecision> decision(base::Code::overloaded);
    co_await token_parts.workers.run(
        [&] { decision = std::move(*visitor.pending).decide(token_parts.replay); });
    visitor.settle(std::move(decision));
  }

  std::shared_ptr<const Settings> settings;
  const authority::PolicyBoard& board;
  Refusals refusals;
  authority::Verifier verifier;
  TokenParts token_parts;
  authority::TokenVerifier tokens;
  Upstreams upstreams;
  RelayRoom room;
  Entrance entrance;
  std::uint64_t judged_epoch = 0;  ///< of the policy that the running relays were last judged by
};

Gate::Gate(std::shared_ptr<const Settings> settings, const authority::PolicyBoard& board,
           const base::Clock& clock, asio::io_context& loop, RefusalSink refused,
           const TokenParts& tokens)
    : state_(std::make_unique<State>(std::move(settings), board, clock, loop, std::move(refused),
                                     tokens)) {}

Gate::~Gate() = default;

bool Gate::answer_now(http::Exchange& exchange) {
  const http::RequestHead& request = exchange.request();
  if (is_forward_auth(request.path)) {
    if (state_->entrance.must_wait(exchange)) return false;
    Visitor visitor = state_->entrance.receive_forward_auth(exchange);
    if (visitor.pending) return false;
    state_->entrance.answer_forward_auth(exchange, visitor);
    return true;
  }
  if (is_preflight(request)) {
    exchange.respond(preflight_answer(request, judge_origin(*state_->settings, request)));
    return true;
  }
  return false;
}

asio::awaitable<void> Gate::answer(http::Exchange& exchange) {
  Entrance& entrance = state_->entrance;
  if (is_forward_auth(exchange.request().path) && !exchange.peer().unix_socket) {
    Visitor visitor = entrance.receive_forward_auth(exchange);
    if (visitor.pending) co_await state_->settle(visitor);
    entrance.answer_forward_auth(exchange, visitor);
    co_return;
  }
  auto visitor = entrance.receive(exchange);
  if (!visitor) co_return;
  if (visitor->pending) co_await state_->settle(*visitor);
  auto admission = entrance.admit(exchange, *visitor);
  if (!admission) co_return;
  Relay relay(state_->room, exchange, *std::move(admission));
  co_await relay.run();
}

void Gate::tick(std::chrono::steady_clock::time_point now) {
  State& state = *state_;
  state.upstreams.tick(now);
  const bool changed = state.board.epoch() != state.judged_epoch;
  // Taken before the relays are judged: what is published meanwhile is judged at the next tick.
  const authority::Policy& policy = state.verifier.policy();
  state.judged_epoch = policy.epoch;
  if (changed) state.upstreams.keep_only_of(policy);
  for (Relay& relay : state.room.relays) {
    relay.tick();
    if (!changed || !relay.ticket()) continue;
    if (const auto denied = state.verifier.still_allowed(*relay.ticket()))
      relay.revoke(denied->error());
  }
}

std::vector<authority::Usage> Gate::collect_usage() { return state_->verifier.collect_usage(); }

}  // namespace kronborg::gate
