#include "authority/adoption.h"

#include "authority/audit.h"
#include "authority/rows.h"

namespace kronborg::authority {

base::Result<std::optional<Intent>> read_intent(sql::Transaction& transaction) {
  TRY(const auto answer, transaction("SELECT recovery_folder FROM identity_intent"));
  if (answer.rows.empty()) return std::optional<Intent>();
  return std::optional(Intent{answer.rows.front().maybe_text(0)});
}

base::Result<void> write_intent(sql::Transaction& transaction, const Intent& intent,
                                std::int64_t now_ms) {
  TRY_VOID(clear_intent(transaction));
  TRY_VOID(transaction(
      "INSERT INTO identity_intent (one, started_at_ms, recovery_folder) VALUES (1, $1, $2)",
      now_ms, intent.recovery_folder));
  return {};
}

base::Result<void> clear_intent(sql::Transaction& transaction) {
  TRY_VOID(transaction("DELETE FROM identity_intent"));
  return {};
}

base::Result<void> remove_records(sql::Transaction& transaction) {
  TRY_VOID(transaction("DELETE FROM agents"));
  TRY_VOID(transaction("DELETE FROM access_keys"));
  TRY_VOID(transaction("DELETE FROM whitelist"));
  // Revoking is final (docs/protocol/identity.md section 12.1), so those rows stay.
  TRY_VOID(transaction("DELETE FROM devices WHERE revoked_at_ms IS NULL"));
  TRY_VOID(transaction("DELETE FROM device_challenges"));
  return {};
}

base::Result<void> write_identity(sql::Transaction& transaction, const IdentityFacts& facts) {
  TRY_VOID(transaction("DELETE FROM identity"));
  TRY_VOID(
      transaction("INSERT INTO identity (one, master, device_id, keystore, created_at_ms, "
                  "bundle_updated_at_ms, recovery_folder) VALUES (1, $1, $2, $3, $4, $5, $6)",
                  facts.master.lower(), facts.device_id, facts.keystore, facts.created_at_ms,
                  facts.bundle_updated_at_ms, facts.recovery_folder));
  return {};
}

base::Result<void> adopt(sql::Transaction& transaction, const Parts& parts, const Actor& actor,
                         const IdentityFacts& facts) {
  TRY(const auto before, read_identity(transaction));
  TRY_VOID(remove_records(transaction));
  TRY_VOID(clear_intent(transaction));
  TRY_VOID(write_identity(transaction, facts));
  base::json::object detail;
  detail["keystore"] = facts.keystore;
  if (before) detail["replaced"] = before->master.text();
  TRY_VOID(record_audit(transaction, parts, actor,
                        {.type = before ? "identity.replace" : "identity.create",
                         .subject = facts.master.text(),
                         .detail = std::move(detail)}));
  transaction.on_commit([&board = parts.board, &signals = parts.signals, master = facts.master] {
    board.publish([&](Policy& policy) {
      policy.master = master;
      policy.any_key_record = false;
      policy.agents.clear();
      policy.master_whitelist.clear();
      policy.agent_whitelists.clear();
      erase_if(policy.devices, [](const auto& device) { return !device.second->revoked; });
    });
    ++signals.bundle;
  });
  return {};
}

}  // namespace kronborg::authority
