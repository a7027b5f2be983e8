#include "pairing/authority_host.h"

#include <string>
#include <utility>

#include "authority/rows.h"
#include "base/bytes.h"
#include "base/text.h"
#include "keyholder/keyholder.h"

namespace kronborg::pairing {
namespace {

using base::Code;

HostAgent host_agent(const authority::AgentRecord& record) {
  return {.id = record.id,
          .name = record.name,
          .description = record.description,
          .address = record.address,
          .shared = record.shared};
}

}  // namespace

base::Result<std::optional<authority::AgentRecord>> AuthorityHost::record(std::string_view id) {
  std::optional<authority::AgentRecord> found;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    auto read = authority::read_agent(transaction, base::lower(id), parts_.clock.now());
    if (read) {
      found = *std::move(read);
    } else if (read.error().code != Code::agent_not_found) {
      return read.error();
    }
    return {};
  }));
  return found;
}

base::Result<std::optional<HostAgent>> AuthorityHost::agent_of_id(std::string_view id) {
  TRY(const auto found, record(id));
  if (!found) return std::optional<HostAgent>();
  return std::optional<HostAgent>(host_agent(*found));
}

base::Result<std::optional<HostAgent>> AuthorityHost::agent_of_address(
    const identity::Address& of) {
  const auto policy = parts_.board.current();
  const auto facts = policy->agents.find(of);
  if (facts == policy->agents.end()) return std::optional<HostAgent>();
  TRY(auto agent, agent_of_id(facts->second->id));
  // Rotated since: that address is nobody's.
  if (agent && agent->address != of) agent.reset();
  return agent;
}

base::Result<std::vector<HostAgent>> AuthorityHost::agents() {
  std::vector<HostAgent> all;
  authority::Page page{.after = 0, .limit = 500};
  for (bool more = true; more;) {
    TRY(const auto some, agents_.list(page));
    for (const auto& record : some.items) all.push_back(host_agent(record));
    page.after = some.last;
    more = some.has_more;
  }
  return all;
}

std::optional<identity::Address> AuthorityHost::master() { return parts_.board.current()->master; }

bool AuthorityHost::locked() { return parts_.key_holder.locked(); }

base::Result<crypto::Signature> AuthorityHost::sign(identity::Prefix prefix, std::string_view text,
                                                    const HostAgent& agent) {
  TRY(const auto found, record(agent.id));
  if (!found) return Code::agent_not_found;
  return parts_.key_holder.sign(
      prefix, base::bytes_of(text),
      {.kind = identity::KeyKind::agent, .agent = {.scope = found->scope, .index = found->index}});
}

base::Result<authority::Minted> AuthorityHost::mint(const authority::Actor& actor,
                                                    authority::NewKey key, const InMint& also) {
  return access_keys_.mint(actor, std::move(key), also);
}

base::Result<void> AuthorityHost::revoke(const authority::Actor& actor, std::string_view key_id,
                                         std::string_view reason) {
  TRY_VOID(access_keys_.revoke(actor, key_id, std::string(reason), false));
  return {};
}

}  // namespace kronborg::pairing
