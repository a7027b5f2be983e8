#include "authority/load.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "authority/adoption.h"
#include "authority/device_rows.h"
#include "authority/restore.h"
#include "authority/rows.h"
#include "keyholder/keyholder.h"
#include "keyholder/staged_files.h"

namespace kronborg::authority {

namespace {

constexpr std::int64_t rows_per_step = 10'000;

base::Error damaged(std::string text) {
  return {base::Code::store_damaged, std::move(text),
          "Restore the store and the data folder from one backup: 'kronborg store restore FILE'. "
          "Without one, move keystore.json away and recover: 'kronborg recover'."};
}

base::Result<void> require_total(sql::Transaction& transaction, std::string_view name,
                                 std::size_t found) {
  TRY(const auto answer, transaction("SELECT total FROM totals WHERE name = $1", name));
  if (answer.rows.empty()) return damaged("The totals of the revocation store are missing.");
  const std::int64_t total = answer.rows.front().integer(0);
  if (total == static_cast<std::int64_t>(found)) return {};
  return damaged(fmt::format("The store should hold {} {} and holds {}.", total, name, found));
}

base::Result<void> load_agents(sql::Transaction& transaction, Policy& policy) {
  TRY(const auto agents, transaction("SELECT id, name, address, upstream, key_index FROM agents"));
  boost::unordered_flat_map<std::string, identity::Address> address_of_id;
  for (const sql::Row& row : agents.rows) {
    TRY(const auto address, address_from(row.text(2)));
    policy.agents.emplace(address, std::make_shared<const AgentFacts>(AgentFacts{
                                       .id = row.text(0),
                                       .name = row.text(1),
                                       .address = address,
                                       .upstream = row.maybe_text(3),
                                       .index = static_cast<std::uint32_t>(row.integer(4))}));
    address_of_id.emplace(row.text(0), address);
  }
  TRY(const auto lists, transaction("SELECT list, address FROM whitelist"));
  for (const sql::Row& row : lists.rows) {
    TRY(const auto address, address_from(row.text(1)));
    if (row.text(0).empty()) {
      policy.master_whitelist.insert(address);
      continue;
    }
    const auto agent = address_of_id.find(row.text(0));
    if (agent == address_of_id.end()) return damaged("A whitelist belongs to no agent.");
    policy.agent_whitelists[agent->second].insert(address);
  }
  return {};
}

/// In steps, so that millions of rows are never all in memory as rows.
base::Result<void> load_revocations(sql::Transaction& transaction, Policy& policy) {
  std::vector<RevocationSet::Entry> entries;
  std::string after_issuer;
  std::string after_nonce;
  while (true) {
    TRY(const auto step,
        transaction("SELECT issuer, nonce FROM revocations WHERE (issuer, nonce) > ($1, $2) "
                    "ORDER BY issuer, nonce LIMIT $3",
                    after_issuer, after_nonce, rows_per_step));
    for (const sql::Row& row : step.rows) {
      TRY(const auto issuer, address_from(row.text(0)));
      TRY(const auto nonce, nonce_from(row.text(1)));
      entries.push_back(policy.revocations.entry(issuer, nonce));
    }
    if (static_cast<std::int64_t>(step.rows.size()) < rows_per_step) break;
    after_issuer = step.rows.back().text(0);
    after_nonce = step.rows.back().text(1);
  }
  policy.revocations.add(entries);
  return require_total(transaction, "revocations", entries.size());
}

base::Result<void> load_denials(sql::Transaction& transaction, Policy& policy) {
  TRY(const auto thresholds, transaction("SELECT issuer, threshold FROM thresholds"));
  for (const sql::Row& row : thresholds.rows) {
    TRY(const auto issuer, address_from(row.text(0)));
    TRY(const auto value, counter_from(row.text(1)));
    policy.thresholds.emplace(issuer, value);
  }
  TRY_VOID(require_total(transaction, "thresholds", thresholds.rows.size()));

  return load_revocations(transaction, policy);
}

base::Result<std::int64_t> newest_audit(sql::Transaction& transaction) {
  TRY(const auto head, transaction("SELECT seq FROM audit_head WHERE one = 1"));
  TRY(const auto newest, transaction("SELECT COALESCE(MAX(seq), 0) FROM audit"));
  if (head.rows.empty() || head.rows.front().integer(0) != newest.rows.at(0).integer(0)) {
    return damaged("Rows of the audit log are missing.");
  }
  return head.rows.front().integer(0);
}

/// The identity of the store must be the one of the keystore.
base::Result<void> require_match(const Parts& parts, const std::optional<IdentityFacts>& identity,
                                 const std::optional<Intent>& intent) {
  const auto keystore = parts.key_holder.keystore();
  if (!keystore) {
    // Verification needs public data only: what signs will say that the keystore is missing.
    if (keystore.error().code == base::Code::identity_missing) return {};
    return keystore.error();
  }
  if (!identity) {
    if (intent) return {};  // a first set-up that was cut off; the next one takes its place
    return damaged(fmt::format(
        "The keystore holds the identity {}, of which the store knows nothing: no agent, no key, "
        "no revocation.",
        keystore->master.text()));
  }
  if (identity->master == keystore->master) {
    if (!intent) return {};
    return parts.database.write(clear_intent);
  }
  if (!intent) {
    return damaged(fmt::format("The keystore holds the identity {}, the store belongs to {}.",
                               keystore->master.text(), identity->master.text()));
  }
  const IdentityFacts facts{.master = keystore->master,
                            .device_id = keystore->device_id,
                            .keystore = std::string(keyholder::kind_name(keystore->kind)),
                            .created_at_ms = keystore->created_at * 1000,
                            .bundle_updated_at_ms = keystore->created_at * 1000,
                            .recovery_folder = intent->recovery_folder};
  const Actor actor{.actor = "system", .source_address = std::nullopt, .request_id = ""};
  return parts.database.write(
      [&](sql::Transaction& transaction) { return adopt(transaction, parts, actor, facts); });
}

}  // namespace

base::Result<Policy> read_policy(sql::Transaction& transaction) {
  Policy policy;
  TRY(const auto facts, read_identity(transaction));
  if (facts) policy.master = facts->master;
  TRY(const auto key, transaction("SELECT 1 FROM access_keys LIMIT 1"));
  policy.any_key_record = !key.rows.empty();
  TRY_VOID(load_agents(transaction, policy));
  TRY_VOID(load_denials(transaction, policy));
  TRY_VOID(load_devices(transaction, policy));
  return policy;
}

base::Result<void> load_policy(const Parts& parts) {
  TRY_VOID(settle_recovery(parts));
  // This process has the data folder to itself; a stray keystore may hold the key in clear.
  keyholder::remove_strays(parts.data_folder / keyholder::keystore_name);
  keyholder::remove_strays(parts.data_folder / keyholder::bundle_name);
  std::optional<IdentityFacts> identity;
  std::optional<Intent> intent;
  TRY_VOID(parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(identity, read_identity(transaction));
    TRY(intent, read_intent(transaction));
    return {};
  }));
  TRY_VOID(require_match(parts, identity, intent));

  Policy policy;
  std::int64_t audit = 0;
  TRY_VOID(parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(policy, read_policy(transaction));
    TRY(audit, newest_audit(transaction));
    return {};
  }));
  parts.board.publish([&](Policy& current) { current = std::move(policy); });
  parts.signals.audit = audit;
  return {};
}

}  // namespace kronborg::authority
