#include "pairing/paired_keys.h"

#include <utility>

#include "authority/audit.h"
#include "authority/denial.h"
#include "authority/rows.h"
#include "base/encoding.h"
#include "crypto/hash.h"

namespace kronborg::pairing {
namespace {

#define LIVE_KEY_COLUMNS                                                            \
  "access_keys.id, access_keys.issuer, access_keys.nonce, access_keys.expires_at, " \
  "access_keys.label, access_keys.hint"

/// One row of LIVE_KEY_COLUMNS.
base::Result<void> revoke_row(sql::Transaction& transaction, const authority::Parts& authority,
                              const authority::Actor& actor, const sql::Row& row,
                              std::string_view reason) {
  const std::int64_t now_ms = authority.clock.now_ms();
  const std::string& id = row.text(0);
  TRY(const auto issuer, authority::address_from(row.text(1)));
  TRY(auto nonce, authority::nonce_from(row.text(2)));
  TRY_VOID(authority::add_revocation(transaction, issuer, nonce, row.maybe_integer(3), now_ms));
  TRY_VOID(
      transaction("UPDATE access_keys SET revoked_at_ms = $2, revoked_reason = $3 "
                  "WHERE id = $1 AND revoked_at_ms IS NULL",
                  id, now_ms, reason));
  base::json::object detail;
  detail["label"] = row.text(4);
  detail["hint"] = row.text(5);
  detail["reason"] = reason;
  TRY_VOID(
      authority::record_audit(transaction, authority, actor,
                              {.type = "key.revoke", .subject = id, .detail = std::move(detail)}));
  transaction.on_commit(
      [&board = authority.board, &signals = authority.signals, issuer, nonce = std::move(nonce)] {
        authority::publish(board, {.keys = {{issuer, nonce}}, .thresholds = {}});
        ++signals.bundle;
      });
  return {};
}

}  // namespace

PairedWith PairedWith::connector(const identity::Address& address) {
  return {.kind = "connector", .holder = address.lower()};
}

PairedWith PairedWith::phone(std::string_view device_id) {
  return {.kind = "phone", .holder = base::hex(crypto::sha256(base::bytes_of(device_id)))};
}

PairedWith PairedWith::device(std::string_view device_id) {
  return {.kind = "device", .holder = std::string(device_id)};
}

base::Result<void> record_paired_key(sql::Transaction& transaction, const PairedWith& holder,
                                     const authority::KeyRecord& key) {
  TRY_VOID(
      transaction("INSERT INTO paired_keys (key_id, kind, holder, agent_id, made_at_ms) "
                  "VALUES ($1, $2, $3, $4, $5)",
                  key.id, holder.kind, holder.holder, key.agent_id, key.created_at_ms));
  return {};
}

base::Result<bool> has_live_key(sql::Transaction& transaction, const PairedWith& holder,
                                std::int64_t now) {
  TRY(const auto found,
      transaction("SELECT 1 FROM paired_keys JOIN access_keys ON access_keys.id = "
                  "paired_keys.key_id WHERE kind = $1 AND holder = $2 AND revoked_at_ms IS NULL "
                  "AND (expires_at IS NULL OR expires_at > $3) LIMIT 1",
                  holder.kind, holder.holder, now));
  return !found.rows.empty();
}

base::Result<bool> is_phone_key(sql::Transaction& transaction, std::string_view key_id) {
  TRY(const auto found,
      transaction("SELECT 1 FROM paired_keys WHERE key_id = $1 AND kind = 'phone'", key_id));
  return !found.rows.empty();
}

base::Result<std::int64_t> replace_keys(sql::Transaction& transaction,
                                        const authority::Parts& authority,
                                        const authority::Actor& actor, const PairedWith& holder,
                                        const std::optional<std::string>& agent_id,
                                        std::string_view reason) {
  TRY(const auto live,
      transaction("SELECT " LIVE_KEY_COLUMNS
                  " FROM paired_keys JOIN access_keys ON access_keys.id = paired_keys.key_id "
                  "WHERE kind = $1 AND holder = $2 AND ($3 = '' OR paired_keys.agent_id = $3) "
                  "AND revoked_at_ms IS NULL",
                  holder.kind, holder.holder, agent_id.value_or("")));
  for (const sql::Row& row : live.rows) {
    TRY_VOID(revoke_row(transaction, authority, actor, row, reason));
  }
  TRY_VOID(
      transaction("DELETE FROM paired_keys WHERE kind = $1 AND holder = $2 "
                  "AND ($3 = '' OR agent_id = $3)",
                  holder.kind, holder.holder, agent_id.value_or("")));
  return static_cast<std::int64_t>(live.rows.size());
}

base::Result<std::int64_t> revoke_key_within(sql::Transaction& transaction,
                                             const authority::Parts& authority,
                                             const authority::Actor& actor, std::string_view key_id,
                                             std::string_view reason) {
  TRY(const auto live, transaction("SELECT " LIVE_KEY_COLUMNS
                                   " FROM access_keys WHERE id = $1 AND revoked_at_ms IS NULL",
                                   key_id));
  for (const sql::Row& row : live.rows) {
    TRY_VOID(revoke_row(transaction, authority, actor, row, reason));
  }
  return static_cast<std::int64_t>(live.rows.size());
}

}  // namespace kronborg::pairing
