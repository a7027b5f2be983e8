#include "authority/agents.h"

#include <limits>
#include <utility>

#include "authority/audit.h"
#include "authority/denial.h"
#include "authority/rows.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/label.h"

namespace kronborg::authority {

namespace {

#define AGENT_COLUMNS                                                                        \
  "id, seq, name, description, upstream, address, key_index, scope, created_at_ms, shared, " \
  "(SELECT COUNT(*) FROM access_keys WHERE access_keys.audience = agents.address AND "       \
  "revoked_at_ms IS NULL AND (expires_at IS NULL OR expires_at > $1)) FROM agents "

base::Result<AgentRecord> agent_of(const sql::Row& row) {
  AgentRecord agent{.id = row.text(0),
                    .name = row.text(2),
                    .description = row.maybe_text(3),
                    .upstream = row.maybe_text(4),
                    .address = {},
                    .index = static_cast<std::uint32_t>(row.integer(6)),
                    .scope = row.text(7),
                    .created_at_ms = row.integer(8),
                    .shared = row.integer(9) != 0,
                    .key_count = row.integer(10)};
  TRY(agent.address, address_from(row.text(5)));
  return agent;
}

base::Result<std::int64_t> next_index(sql::Transaction& transaction, const std::string& scope) {
  TRY(const auto answer, transaction("SELECT next_index FROM index_marks WHERE scope = $1", scope));
  return answer.rows.empty() ? 0 : answer.rows.front().integer(0);
}

/// Marks only rise.
base::Result<void> raise_mark(sql::Transaction& transaction, const std::string& scope,
                              std::int64_t next) {
  TRY_VOID(transaction(
      "INSERT INTO index_marks (scope, next_index) VALUES ($1, $2) ON CONFLICT (scope) DO UPDATE "
      "SET next_index = excluded.next_index WHERE index_marks.next_index < excluded.next_index",
      scope, next));
  return {};
}

base::Result<void> refuse_taken(sql::Transaction& transaction, const std::string& name,
                                const identity::Address& address, std::string_view except_id) {
  TRY(const auto taken,
      transaction("SELECT name FROM agents WHERE (name = $1 OR address = $2) AND id <> $3", name,
                  address.lower(), except_id));
  if (!taken.rows.empty()) return base::Code::agent_exists;
  return {};
}

base::Result<std::int64_t> insert(sql::Transaction& transaction, const Parts& parts,
                                  const Actor& actor, std::string_view type,
                                  const AgentRecord& agent) {
  base::json::object detail;
  detail["name"] = agent.name;
  detail["address"] = agent.address.text();
  TRY(const auto seq, record_audit(transaction, parts, actor,
                                   {.type = type, .subject = agent.id, .detail = detail}));
  TRY_VOID(transaction(
      "INSERT INTO agents (id, seq, name, description, upstream, address, key_index, scope, "
      "created_at_ms, shared) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
      agent.id, seq, agent.name, agent.description, agent.upstream, agent.address.lower(),
      agent.index, agent.scope, agent.created_at_ms));
  return seq;
}

struct Candidate {
  std::string scope;
  std::int64_t index = 0;
  identity::Address address;
};

/// The next free index of the host's scope and its address. Derived outside of the transaction that
/// hands the index out, which checks that the mark still stands there.
base::Result<Candidate> next_candidate(const Parts& parts) {
  Candidate next;
  while (true) {
    TRY_VOID(parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
      TRY(const auto identity, require_identity(transaction));
      next.scope = identity.device_id;
      TRY(next.index, next_index(transaction, next.scope));
      return {};
    }));
    if (next.index > std::numeric_limits<std::uint32_t>::max()) {
      return base::Error(base::Code::limit_reached, "Every agent index of this host is used.");
    }
    const auto address = parts.key_holder.address(
        {.kind = identity::KeyKind::agent,
         .agent = {.scope = next.scope, .index = static_cast<std::uint32_t>(next.index)}});
    if (address) {
      next.address = *address;
      return next;
    }
    if (address.error().code != base::Code::not_a_key) return address.error();
    TRY_VOID(parts.database.write([&](sql::Transaction& transaction) {
      return raise_mark(transaction, next.scope, next.index + 1);
    }));
  }
}

/// Takes the candidate's index for good; false when another took it in between.
base::Result<bool> take(sql::Transaction& transaction, const Candidate& candidate) {
  TRY(const auto next, next_index(transaction, candidate.scope));
  if (next != candidate.index) return false;
  TRY_VOID(raise_mark(transaction, candidate.scope, candidate.index + 1));
  return true;
}

}  // namespace

base::Result<AgentRecord> read_agent(sql::Transaction& transaction, std::string_view id,
                                     std::int64_t now) {
  TRY(const auto answer, transaction("SELECT " AGENT_COLUMNS "WHERE id = $2", now, id));
  if (answer.rows.empty()) return base::Code::agent_not_found;
  return agent_of(answer.rows.front());
}

/// After the commit: the agent is known to the gate.
void Agents::announce(sql::Transaction& transaction, const AgentRecord& agent,
                      std::optional<identity::Address> before) {
  transaction.on_commit([&board = parts_.board, &signals = parts_.signals,
                         facts = std::make_shared<const AgentFacts>(facts_of(agent)), before,
                         changed = hooks_.changed] {
    board.publish([&](Policy& policy) {
      if (before && *before != facts->address) forget_agent(policy, *before);
      policy.agents[facts->address] = facts;
    });
    ++signals.bundle;
    if (changed) changed();
  });
}

base::Result<std::int64_t> Agents::retire_now(sql::Transaction& transaction,
                                              const AgentRecord& agent) {
  TRY(const std::int64_t revoked, retire(transaction, parts_, agent));
  if (hooks_.retired) TRY_VOID(hooks_.retired(transaction, agent));
  return revoked;
}

base::Result<AgentRecord> Agents::create(const Actor& actor, NewAgent agent) {
  AgentRecord record;
  TRY(record.name, identity::normalise_label(agent.name));
  record.id = base::uuid4(parts_.random);
  record.description = std::move(agent.description);
  record.upstream = std::move(agent.upstream);
  bool taken = false;
  while (!taken) {
    TRY(const auto candidate, next_candidate(parts_));
    record.address = candidate.address;
    record.scope = candidate.scope;
    record.index = static_cast<std::uint32_t>(candidate.index);
    record.created_at_ms = parts_.clock.now_ms();
    TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
      TRY_VOID(refuse_taken(transaction, record.name, record.address, ""));
      TRY(taken, take(transaction, candidate));
      if (!taken) return {};
      TRY_VOID(insert(transaction, parts_, actor, "agent.create", record));
      announce(transaction, record, std::nullopt);
      return {};
    }));
  }
  return record;
}

base::Result<Listed<AgentRecord>> Agents::list(const Page& page) {
  Listed<AgentRecord> list;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer,
        transaction("SELECT " AGENT_COLUMNS "WHERE seq > $2 ORDER BY seq LIMIT $3",
                    parts_.clock.now(), page.after, rows_to_fetch(page)));
    TRY(list, listed<AgentRecord>(answer, page, 1, agent_of));
    return {};
  }));
  return list;
}

base::Result<AgentRecord> Agents::find(std::string_view text) {
  const auto address = identity::Address::parse(text);
  // Names are stored normalised; a text that is no label can still be an id.
  const auto name = identity::normalise_label(text);
  AgentRecord found;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer,
        transaction("SELECT " AGENT_COLUMNS "WHERE name = $2 OR id = $3 OR address = $4 LIMIT 2",
                    parts_.clock.now(), name ? *name : std::string(), base::lower(text),
                    address ? address->lower() : std::string()));
    if (answer.rows.empty()) return base::Code::agent_not_found;
    if (answer.rows.size() > 1) return base::Code::agent_ambiguous;
    TRY(found, agent_of(answer.rows.front()));
    return {};
  }));
  return found;
}

base::Result<AgentRecord> Agents::update(const Actor& actor, std::string_view id,
                                         AgentChange change) {
  if (change.name) {
    TRY(change.name, identity::normalise_label(*change.name));
  }
  AgentRecord agent;
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(agent, read_agent(transaction, id, parts_.clock.now()));
    base::json::array changed;
    if (change.name && *change.name != agent.name) {
      TRY_VOID(refuse_taken(transaction, *change.name, agent.address, agent.id));
      agent.name = *change.name;
      changed.emplace_back("name");
    }
    if (change.description && *change.description != agent.description) {
      agent.description = *change.description;
      changed.emplace_back("description");
    }
    if (change.upstream && *change.upstream != agent.upstream) {
      agent.upstream = *change.upstream;
      changed.emplace_back("upstream");
    }
    if (change.shared && *change.shared != agent.shared) {
      agent.shared = *change.shared;
      changed.emplace_back("shared");
    }
    if (changed.empty()) return {};
    TRY_VOID(
        transaction("UPDATE agents SET name = $2, description = $3, upstream = $4, "
                    "shared = $5 WHERE id = $1",
                    agent.id, agent.name, agent.description, agent.upstream, agent.shared));
    TRY_VOID(record_audit(
        transaction, parts_, actor,
        {.type = "agent.update", .subject = agent.id, .detail = {{"changed", changed}}}));
    announce(transaction, agent, std::nullopt);
    return {};
  }));
  return agent;
}

base::Result<Rotated> Agents::rotate(const Actor& actor, std::string_view id) {
  Rotated rotated;
  bool taken = false;
  while (!taken) {
    TRY(const auto candidate, next_candidate(parts_));
    TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
      TRY(AgentRecord agent, read_agent(transaction, id, parts_.clock.now()));
      TRY_VOID(refuse_taken(transaction, agent.name, candidate.address, agent.id));
      TRY(taken, take(transaction, candidate));
      if (!taken) return {};
      const identity::Address before = agent.address;
      TRY(rotated.keys_revoked, retire_now(transaction, agent));
      agent.address = candidate.address;
      agent.scope = candidate.scope;
      agent.index = static_cast<std::uint32_t>(candidate.index);
      agent.key_count = 0;
      TRY_VOID(
          transaction("UPDATE agents SET address = $2, scope = $3, key_index = $4 WHERE id = $1",
                      agent.id, agent.address.lower(), agent.scope, agent.index));
      base::json::object detail;
      detail["name"] = agent.name;
      detail["address"] = agent.address.text();
      detail["retired"] = before.text();
      detail["keysRevoked"] = rotated.keys_revoked;
      TRY_VOID(
          record_audit(transaction, parts_, actor,
                       {.type = "agent.rotate", .subject = agent.id, .detail = std::move(detail)}));
      announce(transaction, agent, before);
      rotated.agent = std::move(agent);
      return {};
    }));
  }
  return rotated;
}

base::Result<std::int64_t> Agents::remove(const Actor& actor, std::string_view id) {
  std::int64_t revoked = 0;
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const AgentRecord agent, read_agent(transaction, id, parts_.clock.now()));
    TRY(revoked, retire_now(transaction, agent));
    TRY_VOID(transaction("DELETE FROM agents WHERE id = $1", agent.id));
    base::json::object detail;
    detail["name"] = agent.name;
    detail["retired"] = agent.address.text();
    detail["keysRevoked"] = revoked;
    TRY_VOID(
        record_audit(transaction, parts_, actor,
                     {.type = "agent.delete", .subject = agent.id, .detail = std::move(detail)}));
    transaction.on_commit([&board = parts_.board, &signals = parts_.signals,
                           address = agent.address, changed = hooks_.changed] {
      board.publish([&](Policy& policy) { forget_agent(policy, address); });
      ++signals.bundle;
      if (changed) changed();
    });
    return {};
  }));
  return revoked;
}

base::Result<AgentRecord> Agents::import(const Actor& actor, ImportAgent agent) {
  AgentRecord record;
  TRY(record.name, identity::normalise_label(agent.name));
  record.id = base::uuid4(parts_.random);
  record.scope = agent.scope;
  record.index = agent.index;
  TRY(record.address,
      parts_.key_holder.address({.kind = identity::KeyKind::agent,
                                 .agent = {.scope = agent.scope, .index = agent.index}}));
  if (agent.address && *agent.address != record.address) return base::Code::agent_address_mismatch;
  record.created_at_ms = parts_.clock.now_ms();
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY_VOID(require_identity(transaction));
    TRY_VOID(refuse_taken(transaction, record.name, record.address, ""));
    TRY_VOID(raise_mark(transaction, record.scope, std::int64_t{record.index} + 1));
    TRY_VOID(insert(transaction, parts_, actor, "agent.import", record));
    announce(transaction, record, std::nullopt);
    return {};
  }));
  return record;
}

}  // namespace kronborg::authority
