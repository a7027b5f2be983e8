#include "authority/policy.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace kronborg::authority {

bool Policy::is_known(const identity::Address& issuer) const {
  const auto is_listed = [&](const auto& list) { return list.second.contains(issuer); };
  return is_own(issuer) || master_whitelist.contains(issuer) ||
         std::ranges::any_of(agent_whitelists, is_listed);
}

const AgentFacts* Policy::agent_by_id(std::string_view id) const {
  for (const auto& [address, agent] : agents) {
    if (base::equal_ignoring_case(agent->id, id)) return agent.get();
  }
  return nullptr;
}

const AgentFacts* Policy::agent_named(std::string_view text) const {
  if (const auto address = identity::Address::parse(text)) {
    const auto found = agents.find(*address);
    if (found != agents.end()) return found->second.get();
  }
  const AgentFacts* by_name = nullptr;
  const AgentFacts* by_id = nullptr;
  for (const auto& [address, agent] : agents) {
    if (agent->name == text) by_name = agent.get();
    if (base::equal_ignoring_case(agent->id, text)) by_id = agent.get();
  }
  return by_id != nullptr ? by_id : by_name;
}

PolicyBoard::PolicyBoard() : current_(std::make_shared<const Policy>()) {}

std::shared_ptr<const Policy> PolicyBoard::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void PolicyBoard::publish(const std::function<void(Policy&)>& change) {
  const std::lock_guard writing(publishing_);
  auto next = std::make_shared<Policy>(*current());
  change(*next);
  next->epoch = epoch_.load(std::memory_order_relaxed) + 1;
  const std::uint64_t epoch = next->epoch;
  std::shared_ptr<const Policy> before = std::move(next);
  {
    const std::lock_guard lock(mutex_);
    current_.swap(before);
  }
  epoch_.store(epoch, std::memory_order_seq_cst);
  // `before` is the old policy now; when nobody else holds it, it goes here and not under the lock.
}

}  // namespace kronborg::authority
