#include "authority/key_rows.h"

namespace kronborg::authority {

bool is_legacy(bool revoked, bool expires, bool audience_is_agent,
               const std::optional<std::string>& source) {
  return !revoked && !expires && !audience_is_agent && (!source || *source == "pairing");
}

base::Result<KeyRecord> key_of(const sql::Row& row) {
  KeyRecord key{.id = row.text(0),
                .label = row.text(2),
                .nonce = {},
                .hint = row.text(16),
                .issuer = {},
                .audience = {},
                .counter = 0,
                .agent_id = row.maybe_text(7),
                .master_scope = row.is_null(7),
                .created_at_ms = row.integer(8),
                .expires_at = row.maybe_integer(9),
                .last_used_at_ms = row.maybe_integer(10),
                .last_used_from = row.maybe_text(11),
                .use_count = row.integer(12),
                .revoked_at_ms = row.maybe_integer(13),
                .revoked_reason = row.maybe_text(14),
                .source = row.maybe_text(15),
                .legacy = false};
  TRY(key.issuer, address_from(row.text(3)));
  TRY(key.audience, address_from(row.text(4)));
  TRY(key.nonce, nonce_from(row.text(5)));
  TRY(key.counter, counter_from(row.text(6)));
  const bool audience_is_agent = row.integer(17) != 0;
  key.legacy = is_legacy(key.revoked_at_ms.has_value(), key.expires_at.has_value(),
                         audience_is_agent, key.source);
  return key;
}

base::Result<KeyRecord> read_key(sql::Transaction& transaction, std::string_view id) {
  TRY(const auto answer, transaction(KEY_COLUMNS "WHERE id = $1 AND hidden = 0", id));
  if (answer.rows.empty()) return base::Code::key_not_found;
  return key_of(answer.rows.front());
}

base::Result<void> insert_key(sql::Transaction& transaction, const KeyRecord& key,
                              std::int64_t seq) {
  TRY_VOID(transaction(
      "INSERT INTO access_keys (id, seq, label, issuer, audience, nonce, counter, agent_id, "
      "created_at_ms, expires_at, last_used_at_ms, last_used_from, use_count, revoked_at_ms, "
      "revoked_reason, source, hint, hidden) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
      "$11, $12, $13, $14, $15, $16, $17, 0)",
      key.id, seq, key.label, key.issuer.lower(), key.audience.lower(), stored_nonce(key.nonce),
      sql::u64_text(key.counter), key.agent_id, key.created_at_ms, key.expires_at,
      key.last_used_at_ms, key.last_used_from, key.use_count, key.revoked_at_ms, key.revoked_reason,
      key.source, key.hint));
  return {};
}

}  // namespace kronborg::authority
