#include "authority/restore.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "authority/adoption.h"
#include "authority/audit.h"
#include "authority/denial.h"
#include "authority/load.h"
#include "authority/rows.h"
#include "authority/stored_values.h"
#include "base/json.h"
#include "identity/bundle_content.h"

namespace kronborg::authority {

namespace {

using base::json::object;
using identity::BundleContent;

constexpr std::int64_t ms_per_minute = 60'000;
constexpr std::string_view revoked_reason = "recovery";

/// Whether the store has heard of the agent: one of that id, name or address, or an end of its
/// address.
base::Result<bool> is_known(sql::Transaction& transaction, const BundleContent::Agent& agent) {
  TRY(const auto known,
      transaction("SELECT 1 FROM agents WHERE id = $1 OR name = $2 OR address = $3", agent.id,
                  agent.name, agent.address.lower()));
  if (!known.rows.empty()) return true;
  TRY(const auto threshold, read_threshold(transaction, agent.address));
  return threshold.has_value();
}

base::Result<std::int64_t> restore_agents(sql::Transaction& transaction, const Parts& parts,
                                          const Actor& actor, const BundleContent& content,
                                          bool store_is_newer) {
  std::int64_t restored = 0;
  for (const BundleContent::Agent& agent : content.agents) {
    if (store_is_newer) {
      TRY(const bool known, is_known(transaction, agent));
      if (known) continue;
    }
    TRY(const auto seq,
        record_audit(transaction, parts, actor,
                     {.type = "agent.restore",
                      .subject = agent.id,
                      .detail = {{"name", agent.name}, {"address", agent.address.text()}}}));
    TRY_VOID(transaction(
        "INSERT INTO agents (id, seq, name, description, upstream, address, key_index, scope, "
        "created_at_ms, shared) VALUES ($1, $2, $3, NULL, NULL, $4, $5, $6, $7, 0)",
        agent.id, seq, agent.name, agent.address.lower(), agent.key.index, agent.key.scope,
        parts.clock.now_ms()));
    ++restored;
  }
  return restored;
}

base::Result<void> restore_list(sql::Transaction& transaction, const Parts& parts,
                                const Actor& actor, const std::string& list,
                                const std::vector<identity::Address>& addresses) {
  for (const identity::Address& address : addresses) {
    object detail;
    if (!list.empty()) detail["agentId"] = list;
    TRY(const auto seq,
        record_audit(
            transaction, parts, actor,
            {.type = "whitelist.restore", .subject = address.text(), .detail = std::move(detail)}));
    TRY_VOID(
        transaction("INSERT INTO whitelist (list, address, seq, label, created_at_ms) "
                    "VALUES ($1, $2, $3, '', $4) ON CONFLICT (list, address) DO NOTHING",
                    list, address.lower(), seq, parts.clock.now_ms()));
  }
  return {};
}

base::Result<void> restore_whitelists(sql::Transaction& transaction, const Parts& parts,
                                      const Actor& actor, const BundleContent& content) {
  TRY_VOID(restore_list(transaction, parts, actor, "", content.master_whitelist));
  for (const auto& [address, list] : content.agent_whitelists) {
    const auto agent = std::ranges::find(content.agents, address, &BundleContent::Agent::address);
    // Of an agent that is gone: such a list authorises nobody.
    if (agent == content.agents.end()) continue;
    TRY_VOID(restore_list(transaction, parts, actor, agent->id, list));
  }
  return {};
}

base::Result<void> restore_denials(sql::Transaction& transaction, const BundleContent& content,
                                   std::int64_t now_ms) {
  for (const BundleContent::Revocation& entry : content.revocations) {
    TRY_VOID(add_revocation(transaction, entry.issuer, entry.nonce, entry.expires_at, now_ms));
    TRY_VOID(
        transaction("UPDATE access_keys SET revoked_at_ms = $3, revoked_reason = $4 "
                    "WHERE issuer = $1 AND nonce = $2 AND revoked_at_ms IS NULL",
                    entry.issuer.lower(), stored_nonce(entry.nonce), now_ms, revoked_reason));
  }
  for (const auto& [issuer, value] : content.thresholds) {
    TRY_VOID(raise_threshold(transaction, issuer, value, revoked_reason, now_ms));
  }
  return {};
}

base::Result<void> raise_counters(sql::Transaction& transaction, const BundleContent& content,
                                  std::int64_t now_ms) {
  for (const auto& [issuer, value] : content.counters) {
    TRY_VOID(transaction(
        "INSERT INTO counters (issuer, last_counter) VALUES ($1, $2) ON CONFLICT (issuer) DO "
        "UPDATE SET last_counter = excluded.last_counter "
        "WHERE counters.last_counter < excluded.last_counter",
        issuer.lower(), sql::u64_text(value)));
  }
  for (const auto& [scope, mark] : content.indices) {
    TRY_VOID(transaction(
        "INSERT INTO index_marks (scope, next_index) VALUES ($1, $2) ON CONFLICT (scope) DO UPDATE "
        "SET next_index = excluded.next_index WHERE index_marks.next_index < excluded.next_index",
        scope, mark));
  }
  // Also those that the bundle does not know.
  TRY_VOID(transaction("UPDATE index_marks SET next_index = $1 WHERE next_index < $1",
                       now_ms / ms_per_minute));
  return {};
}

base::Result<void> record_recovery(sql::Transaction& transaction, const Parts& parts,
                                   const Actor& actor, const PendingRecovery& pending,
                                   const std::optional<IdentityFacts>& before,
                                   std::int64_t agents) {
  object detail{{"from", pending.from_bundle ? "bundle" : "words"},
                {"keystore", pending.facts.keystore},
                {"agents", agents},
                {"earlierKeysRevoked", pending.earlier == identity::EarlierKeys::revoke}};
  if (pending.bundle_updated_at) {
    detail["bundleUpdatedAt"] = base::iso_time(*pending.bundle_updated_at * 1000);
  }
  if (before) detail["replaced"] = before->master.text();
  TRY_VOID(record_audit(transaction, parts, actor,
                        {.type = "identity.recover",
                         .subject = pending.facts.master.text(),
                         .detail = std::move(detail)}));
  return {};
}

}  // namespace

base::Result<void> restore(sql::Transaction& transaction, const Parts& parts, const Actor& actor,
                           const PendingRecovery& pending) {
  TRY(const BundleContent content, identity::read_bundle_content(pending.content));
  const std::int64_t now_ms = parts.clock.now_ms();
  TRY(const auto before, read_identity(transaction));
  const bool store_is_newer = before && before->master == pending.facts.master;
  if (!store_is_newer) TRY_VOID(remove_records(transaction));
  TRY_VOID(clear_intent(transaction));
  TRY_VOID(write_committed(transaction, pending));
  TRY_VOID(write_identity(transaction, pending.facts));
  TRY(const std::int64_t agents,
      restore_agents(transaction, parts, actor, content, store_is_newer));
  if (!store_is_newer) TRY_VOID(restore_whitelists(transaction, parts, actor, content));
  TRY_VOID(restore_denials(transaction, content, now_ms));
  TRY_VOID(raise_counters(transaction, content, now_ms));
  TRY_VOID(write_value(transaction, bundle_digest_name, digest_of(pending.content)));
  TRY_VOID(record_recovery(transaction, parts, actor, pending, before, agents));
  TRY(Policy policy, read_policy(transaction));
  transaction.on_commit([&board = parts.board, &signals = parts.signals,
                         next = std::make_shared<Policy>(std::move(policy))] {
    board.publish([&](Policy& current) { current = std::move(*next); });
    ++signals.bundle;
  });
  return {};
}

}  // namespace kronborg::authority
