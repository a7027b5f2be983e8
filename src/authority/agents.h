#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "authority/authority.h"
#include "base/result.h"

namespace kronborg::authority {

struct NewAgent {
  std::string name;  ///< rules of identity.md 5.4
  std::optional<std::string> description, upstream;
};

/// Members that are not set stay as they are; an inner nothing clears.
struct AgentChange {
  std::optional<std::string> name;
  std::optional<std::optional<std::string>> description, upstream;
  std::optional<bool> shared;
};

struct ImportAgent {
  std::string name;
  std::uint32_t index = 0;
  std::string scope;                         ///< device id; empty: the v1 form
  std::optional<identity::Address> address;  ///< must then be the derived one
};

struct Rotated {
  AgentRecord agent;
  std::int64_t keys_revoked = 0;
};

/// What others do when agents change; each may be empty.
struct AgentHooks {
  /// Within the transaction in which the agent's address is retired; `agent` as it was before. An
  /// error undoes the whole.
  std::function<base::Result<void>(sql::Transaction&, const AgentRecord& agent)> retired = {};
  /// After a change of any agent is durable. Neither blocks nor calls back.
  std::function<void()> changed = {};
};

/// Agents and their lives (docs/protocol/identity.md section 4). Thread-safe. The ids that are
/// given are those of the record (find() turns what a human wrote into a record). Everything that
/// derives an address fails with identity_locked while the identity is locked.
class Agents {
 public:
  explicit Agents(const Parts& parts, AgentHooks hooks = {})
      : parts_(parts), hooks_(std::move(hooks)) {}

  /// Errors: label_invalid, agent_exists, identity_missing, limit_reached (index space used up).
  base::Result<AgentRecord> create(const Actor& actor, NewAgent agent);
  base::Result<Listed<AgentRecord>> list(const Page& page);
  /// `text`: name, UUID or address. Errors: agent_not_found, agent_ambiguous.
  base::Result<AgentRecord> find(std::string_view text);
  /// Errors: agent_not_found, agent_exists, label_invalid.
  base::Result<AgentRecord> update(const Actor& actor, std::string_view id, AgentChange change);
  /// A new address for the same id and name; the old one is retired.
  base::Result<Rotated> rotate(const Actor& actor, std::string_view id);
  /// Retires the address; the number of keys revoked.
  base::Result<std::int64_t> remove(const Actor& actor, std::string_view id);
  /// Errors: agent_address_mismatch, agent_exists, label_invalid, not_a_key.
  base::Result<AgentRecord> import(const Actor& actor, ImportAgent agent);

 private:
  base::Result<std::int64_t> retire_now(sql::Transaction& transaction, const AgentRecord& agent);
  void announce(sql::Transaction& transaction, const AgentRecord& agent,
                std::optional<identity::Address> before);

  Parts parts_;
  AgentHooks hooks_;
};

}  // namespace kronborg::authority
