#include "pairing/requests.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace kronborg::pairing {

using base::Code;

void Requests::remember(std::string id) {
  decided_.push_back(std::move(id));
  if (decided_.size() > most_remembered) decided_.pop_front();
}

void Requests::finish(List::iterator which, const Decision& decision) {
  Waiting done = std::move(*which);
  waiting_.erase(which);
  remember(done.request.id);
  if (announce_) announce_({.request = done.request, .outcome = decision.outcome, .gone = true});
  done.decided(decision);
}

void Requests::expire_now() {
  const std::int64_t now_ms = clock_.now_ms();
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const auto which = next++;
    const PairingRequest& request = which->request;
    // A clock that stepped back must not keep the owner's screen occupied.
    if (now_ms < request.expires_at_ms && request.received_at_ms - now_ms < life_ms) continue;
    finish(which, {.outcome = Outcome::expired, .remember = false, .label = {}, .actor = {}});
  }
}

base::Result<std::string> Requests::open(PairingAsk ask, Decided decided) {
  const base::Source source = base::source_of(ask.source_address);
  const std::lock_guard lock(mutex_);
  expire_now();
  if (waiting_.size() >= most ||
      std::ranges::find(waiting_, source, &Waiting::source) != waiting_.end()) {
    return Code::pairing_busy;
  }
  const std::int64_t now_ms = clock_.now_ms();
  waiting_.push_back({.request = {.id = base::uuid4(random_),
                                  .ask = std::move(ask),
                                  .received_at_ms = now_ms,
                                  .expires_at_ms = now_ms + life_ms},
                      .source = source,
                      .decided = std::move(decided)});
  const PairingRequest& request = waiting_.back().request;
  if (announce_) announce_({.request = request, .outcome = {}, .gone = false});
  return request.id;
}

bool Requests::withdraw(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto which =
      std::ranges::find(waiting_, id, [](const Waiting& one) { return one.request.id; });
  if (which == waiting_.end()) return false;
  if (announce_) announce_({.request = which->request, .outcome = {}, .gone = true});
  remember(std::move(which->request.id));
  waiting_.erase(which);
  return true;
}

base::Result<PairingRequest> Requests::decide(std::string_view id, const Decision& decision) {
  const std::string wanted = base::lower(id);
  const std::lock_guard lock(mutex_);
  expire_now();
  const auto which =
      std::ranges::find(waiting_, wanted, [](const Waiting& one) { return one.request.id; });
  if (which == waiting_.end()) {
    if (std::ranges::find(decided_, wanted) != decided_.end()) return Code::pairing_decided;
    return base::Error(Code::not_found, "There is no such pairing request.",
                       "See 'kronborg pairing list'.");
  }
  PairingRequest request = which->request;
  finish(which, decision);
  return request;
}

std::vector<PairingRequest> Requests::pending() {
  const std::lock_guard lock(mutex_);
  expire_now();
  std::vector<PairingRequest> list;
  list.reserve(waiting_.size());
  for (const Waiting& one : waiting_) list.push_back(one.request);
  return list;
}

void Requests::expire() {
  const std::lock_guard lock(mutex_);
  expire_now();
}

std::optional<std::int64_t> Requests::next_end_ms() const {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return std::nullopt;
  return waiting_.front().request.expires_at_ms;
}

void Requests::end_of_agent(std::string_view agent_id) {
  const std::lock_guard lock(mutex_);
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const auto which = next++;
    if (which->request.ask.agent_id != agent_id) continue;
    finish(which, {.outcome = Outcome::ended, .remember = false, .label = {}, .actor = {}});
  }
}

}  // namespace kronborg::pairing
