#include "pairing/endpoints.h"

#include <utility>

namespace kronborg::pairing {

Endpoints::Endpoints(Parts given, std::function<void()> code_changed)
    : parts(std::move(given)),
      attempts(parts.authority.clock),
      challenges(parts.authority.clock, parts.authority.random),
      requests(parts.authority.clock, parts.authority.random, {}),
      codes(parts.authority.clock, parts.authority.random, std::move(code_changed)),
      prompts(parts, attempts, challenges, requests),
      invites(parts),
      owners(parts),
      phones(parts, attempts, codes),
      invite_door(attempts, invites, owners) {}

base::Result<void> Endpoints::retired(sql::Transaction& transaction,
                                      const authority::AgentRecord& agent) {
  TRY_VOID(end_invites_of_agent(transaction, agent.id, parts.authority.clock.now_ms()));
  transaction.on_commit([this, id = agent.id] {
    codes.end_of_agent(id);
    requests.end_of_agent(id);
  });
  return {};
}

}  // namespace kronborg::pairing
