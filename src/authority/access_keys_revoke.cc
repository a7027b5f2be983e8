#include <algorithm>
#include <utility>

#include "authority/access_keys.h"
#include "authority/audit.h"
#include "authority/denial.h"
#include "authority/key_rows.h"

namespace kronborg::authority {

namespace {

constexpr std::size_t max_nonce_bytes = 128;

base::Result<std::int64_t> count_up_to(sql::Transaction& transaction,
                                       const identity::Address& issuer, std::uint64_t counter) {
  TRY(const auto answer, transaction("SELECT COUNT(*) FROM access_keys WHERE issuer = $1 "
                                     "AND counter <= $2 AND revoked_at_ms IS NULL",
                                     issuer.lower(), sql::u64_text(counter)));
  return answer.rows.at(0).integer(0);
}

void mark_bundle(sql::Transaction& transaction, const Parts& parts) {
  transaction.on_commit([&signals = parts.signals] { ++signals.bundle; });
}

base::Result<void> mark_revoked(sql::Transaction& transaction, std::string_view id,
                                std::int64_t now_ms, const std::optional<std::string>& reason) {
  TRY_VOID(
      transaction("UPDATE access_keys SET revoked_at_ms = $2, revoked_reason = $3 "
                  "WHERE id = $1 AND revoked_at_ms IS NULL",
                  id, now_ms, reason));
  return {};
}

/// Everything an issuer has made so far: the larger of its last counter and now.
base::Result<std::uint64_t> made_so_far(sql::Transaction& transaction,
                                        const identity::Address& issuer, std::int64_t now_ms) {
  TRY(const auto last, read_last_counter(transaction, issuer));
  TRY(const auto threshold, read_threshold(transaction, issuer));
  return std::max({last.value_or(0), threshold.value_or(0),
                   static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms, 0))});
}

}  // namespace

std::optional<std::uint64_t> threshold_before(std::uint64_t counter, bool inclusive) {
  if (inclusive) return counter;
  if (counter == 0) return std::nullopt;
  return counter - 1;
}

base::Result<std::int64_t> AccessKeys::revoke(const Actor& actor, std::string_view id,
                                              const std::optional<std::string>& reason,
                                              bool dry_run) {
  return revoke_record(actor, id, reason, dry_run ? Effect::none : Effect::revoke);
}

base::Result<std::int64_t> AccessKeys::forget(const Actor& actor, std::string_view id) {
  return revoke_record(actor, id, std::nullopt, Effect::revoke_and_hide);
}

base::Result<std::int64_t> AccessKeys::revoke_record(const Actor& actor, std::string_view id,
                                                     const std::optional<std::string>& reason,
                                                     Effect effect) {
  TRY(const KeyRecord key, get(id));
  const std::int64_t revoked = key.revoked_at_ms ? 0 : 1;
  if (effect == Effect::none || (effect == Effect::revoke && revoked == 0)) return revoked;
  publish(parts_.board, {.keys = {{key.issuer, key.nonce}}, .thresholds = {}});
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    const std::int64_t now_ms = parts_.clock.now_ms();
    TRY_VOID(add_revocation(transaction, key.issuer, key.nonce, key.expires_at, now_ms));
    TRY_VOID(mark_revoked(transaction, key.id, now_ms, reason));
    if (effect == Effect::revoke_and_hide) {
      TRY_VOID(transaction("UPDATE access_keys SET hidden = 1 WHERE id = $1", key.id));
    }
    base::json::object detail;
    detail["label"] = key.label;
    detail["hint"] = key.hint;
    if (reason) detail["reason"] = *reason;
    TRY_VOID(record_audit(transaction, parts_, actor,
                          {.type = effect == Effect::revoke ? "key.revoke" : "key.forget",
                           .subject = key.id,
                           .detail = std::move(detail)}));
    mark_bundle(transaction, parts_);
    return {};
  }));
  return revoked;
}

base::Result<std::int64_t> AccessKeys::revoke_before(const Actor& actor, std::string_view id,
                                                     bool inclusive, bool dry_run) {
  TRY(const KeyRecord key, get(id));
  const auto threshold = threshold_before(key.counter, inclusive);
  if (!threshold) return 0;
  return revoke_up_to(actor, key.issuer, *threshold, "before:" + key.id, dry_run);
}

base::Result<std::int64_t> AccessKeys::revoke_issuer(const Actor& actor,
                                                     const identity::Address& issuer,
                                                     std::optional<std::uint64_t> up_to_counter,
                                                     bool dry_run) {
  // No key of this process is minted between the choice of the counter and its commit.
  const std::lock_guard lock(minting_);
  if (!up_to_counter) {
    TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
      TRY(up_to_counter, made_so_far(transaction, issuer, parts_.clock.now_ms()));
      return {};
    }));
  }
  return revoke_up_to(actor, issuer, *up_to_counter, "issuer", dry_run);
}

base::Result<std::int64_t> AccessKeys::revoke_up_to(const Actor& actor,
                                                    const identity::Address& issuer,
                                                    std::uint64_t counter,
                                                    const std::string& reason, bool dry_run) {
  std::int64_t revoked = 0;
  if (dry_run) {
    TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
      TRY(revoked, count_up_to(transaction, issuer, counter));
      return {};
    }));
    return revoked;
  }
  publish(parts_.board, {.keys = {}, .thresholds = {{issuer, counter}}});
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    const std::int64_t now_ms = parts_.clock.now_ms();
    TRY(revoked, raise_threshold(transaction, issuer, counter, reason, now_ms));
    base::json::object detail;
    detail["upToCounter"] = std::to_string(counter);
    detail["reason"] = reason;
    detail["keysRevoked"] = revoked;
    TRY_VOID(record_audit(
        transaction, parts_, actor,
        {.type = "key.revoke_up_to", .subject = issuer.text(), .detail = std::move(detail)}));
    mark_bundle(transaction, parts_);
    return {};
  }));
  return revoked;
}

base::Result<std::int64_t> AccessKeys::revoke_nonce(const Actor& actor,
                                                    const identity::Address& issuer,
                                                    std::string_view nonce, bool dry_run) {
  if (nonce.empty() || nonce.size() > max_nonce_bytes) {
    return base::Error(base::Code::invalid_member, "A nonce has 1 to 128 bytes.");
  }
  if (dry_run) {
    std::int64_t revoked = 0;
    TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
      TRY(const auto there,
          transaction("SELECT 1 FROM revocations WHERE issuer = $1 AND nonce = $2", issuer.lower(),
                      stored_nonce(nonce)));
      revoked = there.rows.empty() ? 1 : 0;
      return {};
    }));
    return revoked;
  }
  publish(parts_.board, {.keys = {{issuer, std::string(nonce)}}, .thresholds = {}});
  bool is_new = false;
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    const std::int64_t now_ms = parts_.clock.now_ms();
    TRY(is_new, add_revocation(transaction, issuer, nonce, std::nullopt, now_ms));
    if (!is_new) return {};
    TRY_VOID(
        transaction("UPDATE access_keys SET revoked_at_ms = $3, revoked_reason = $4 "
                    "WHERE issuer = $1 AND nonce = $2 AND revoked_at_ms IS NULL",
                    issuer.lower(), stored_nonce(nonce), now_ms, "nonce"));
    TRY_VOID(record_audit(
        transaction, parts_, actor,
        {.type = "key.revoke_nonce", .subject = issuer.text(), .detail = {{"nonce", nonce}}}));
    mark_bundle(transaction, parts_);
    return {};
  }));
  return is_new ? 1 : 0;
}

}  // namespace kronborg::authority
