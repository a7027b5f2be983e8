#include "authority/whitelist.h"

#include <utility>

#include "authority/audit.h"
#include "authority/rows.h"
#include "identity/label.h"

namespace kronborg::authority {

namespace {

constexpr std::string_view master_list = "";

base::json::object detail_of(const std::optional<std::string>& agent_id) {
  base::json::object detail;
  if (agent_id) detail["agentId"] = *agent_id;
  return detail;
}

/// Brings the list in memory to `listed`, once the transaction is durable.
void announce(sql::Transaction& transaction, const Parts& parts,
              const std::optional<AgentRecord>& agent, const identity::Address& address,
              bool is_listed) {
  transaction.on_commit(
      [&board = parts.board, &signals = parts.signals, address, is_listed,
       owner = agent ? std::optional(agent->address) : std::optional<identity::Address>()] {
        board.publish([&](Policy& policy) {
          auto& list = owner ? policy.agent_whitelists[*owner] : policy.master_whitelist;
          if (is_listed) {
            list.insert(address);
          } else {
            list.erase(address);
          }
        });
        ++signals.bundle;
      });
}

base::Result<std::optional<AgentRecord>> list_owner(sql::Transaction& transaction,
                                                    const std::optional<std::string>& agent_id,
                                                    std::int64_t now) {
  if (!agent_id) return std::optional<AgentRecord>();
  TRY(auto agent, read_agent(transaction, *agent_id, now));
  return std::optional(std::move(agent));
}

}  // namespace

base::Result<WhitelistEntry> Whitelist::add(const Actor& actor, const identity::Address& address,
                                            const std::optional<std::string>& agent_id,
                                            const std::string& label) {
  WhitelistEntry entry{.address = address,
                       .agent_id = agent_id,
                       .label = "",
                       .created_at_ms = parts_.clock.now_ms()};
  if (!label.empty()) {
    TRY(entry.label, identity::normalise_label(label));
  }
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto agent, list_owner(transaction, agent_id, parts_.clock.now()));
    base::json::object detail = detail_of(agent_id);
    if (!entry.label.empty()) detail["label"] = entry.label;
    TRY(const auto seq,
        record_audit(
            transaction, parts_, actor,
            {.type = "whitelist.add", .subject = address.text(), .detail = std::move(detail)}));
    TRY(const auto stored,
        transaction("INSERT INTO whitelist (list, address, seq, label, created_at_ms) "
                    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (list, address) DO UPDATE "
                    "SET label = excluded.label RETURNING created_at_ms",
                    agent ? std::string_view(agent->id) : master_list, address.lower(), seq,
                    entry.label, entry.created_at_ms));
    entry.created_at_ms = stored.rows.at(0).integer(0);
    announce(transaction, parts_, agent, address, true);
    return {};
  }));
  return entry;
}

base::Result<void> Whitelist::remove(const Actor& actor, const identity::Address& address,
                                     const std::optional<std::string>& agent_id) {
  return parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto agent, list_owner(transaction, agent_id, parts_.clock.now()));
    TRY(const auto removed,
        transaction("DELETE FROM whitelist WHERE list = $1 AND address = $2",
                    agent ? std::string_view(agent->id) : master_list, address.lower()));
    if (removed.changed == 0) return base::Code::whitelist_not_found;
    TRY_VOID(record_audit(
        transaction, parts_, actor,
        {.type = "whitelist.remove", .subject = address.text(), .detail = detail_of(agent_id)}));
    announce(transaction, parts_, agent, address, false);
    return {};
  });
}

base::Result<Listed<WhitelistEntry>> Whitelist::list(const Page& page) {
  Listed<WhitelistEntry> list;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer,
        transaction("SELECT list, address, seq, label, created_at_ms FROM whitelist "
                    "WHERE seq > $1 ORDER BY seq LIMIT $2",
                    page.after, rows_to_fetch(page)));
    TRY(list, listed<WhitelistEntry>(answer, page, 2, [](const sql::Row& row) {
          WhitelistEntry entry{.address = {},
                               .agent_id = std::nullopt,
                               .label = row.text(3),
                               .created_at_ms = row.integer(4)};
          auto address = address_from(row.text(1));
          if (!address) return base::Result<WhitelistEntry>(address.error());
          entry.address = *address;
          if (row.text(0) != master_list) entry.agent_id = row.text(0);
          return base::Result<WhitelistEntry>(std::move(entry));
        }));
    return {};
  }));
  return list;
}

}  // namespace kronborg::authority
