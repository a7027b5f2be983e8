#include "gate/gate.h"

#include <utility>

#include "gate/entrance.h"

namespace kronborg::gate {

struct Gate::State {
  State(std::shared_ptr<const Settings> given, const authority::PolicyBoard& policies,
        const base::Clock& clock, asio::io_context& loop, RefusalSink refused)
      : settings(std::move(given)),
        board(policies),
        refusals(settings->origin),
        verifier(policies, clock),
        upstreams(loop, *settings),
        room(*settings, refusals),
        entrance(*settings, refusals, verifier, upstreams, room, std::move(refused)) {}

  std::shared_ptr<const Settings> settings;
  const authority::PolicyBoard& board;
  Refusals refusals;
  authority::Verifier verifier;
  Upstreams upstreams;
  RelayRoom room;
  Entrance entrance;
  std::uint64_t judged_epoch = 0;  ///< of the policy that the running relays were last judged by
};

Gate::Gate(std::shared_ptr<const Settings> settings, const authority::PolicyBoard& board,
           const base::Clock& clock, asio::io_context& loop, RefusalSink refused)
    : state_(std::make_unique<State>(std::move(settings), board, clock, loop, std::move(refused))) {
}

Gate::~Gate() = default;

bool Gate::answer_now(http::Exchange& exchange) {
  const http::RequestHead& request = exchange.request();
  if (is_forward_auth(request.path)) {
    state_->entrance.answer_forward_auth(exchange);
    return true;
  }
  if (is_preflight(request)) {
    exchange.respond(preflight_answer(request, judge_origin(*state_->settings, request)));
    return true;
  }
  return false;
}

asio::awaitable<void> Gate::answer(http::Exchange& exchange) {
  auto admission = state_->entrance.admit(exchange);
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
      relay.revoke(denied->code);
  }
}

std::vector<authority::Usage> Gate::collect_usage() { return state_->verifier.collect_usage(); }

}  // namespace kronborg::gate
