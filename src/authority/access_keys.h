#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "authority/authority.h"
#include "authority/verify.h"
#include "base/result.h"
#include "base/secret.h"
#include "credential/access_key.h"

namespace kronborg::authority {

/// Records of keys made elsewhere, at most (docs/protocol/identity.md 5.6).
inline constexpr std::int64_t max_foreign_records = 10'000;

struct NewKey {
  std::string label;                    ///< rules of identity.md 5.4
  std::optional<std::string> agent_id;  ///< nothing: scope master
  credential::Expiry expiry = credential::Expiry::days_90;
  std::string source;  ///< `cli`, `console` …
};

/// Joins the transaction that records a new key, after its row; an error undoes the key as well.
using InMint = std::function<base::Result<void>(sql::Transaction&, const KeyRecord&)>;

struct Minted {
  KeyRecord record;
  base::SecretText key;  ///< shown once
};

struct KeyFilter {
  bool all = false;                     ///< revoked and expired ones too
  std::optional<std::string> agent_id;  ///< those whose audience is this agent
  std::optional<std::string> q;         ///< part of the label, or the end of the hint
};

struct InspectedClaims {
  std::string issuer, audience, label, nonce;  ///< as in the key
  std::uint64_t counter = 0;
  std::int64_t issued_at = 0;
  std::optional<std::int64_t> expires_at;
};

/// The whole decision on a key, for people.
struct Inspection {
  std::optional<base::Code> denied;            ///< nothing: valid
  int row = 12;                                ///< the row of identity.md section 6 that decided
  std::optional<InspectedClaims> claims;       ///< when rows 1 to 4 passed
  std::optional<identity::Address> recovered;  ///< when row 5 passed
  std::optional<std::string> agent_id;         ///< the agent that is the audience
  bool master_audience = false;
};
Inspection inspect(const Policy& policy, std::string_view text, std::int64_t now);

/// `legacy` of docs/protocol/identity.md 5.6: active, never expires, for no agent of this
/// authority, from a pairing or made elsewhere.
bool is_legacy(bool revoked, bool expires, bool audience_is_agent,
               const std::optional<std::string>& source);

/// The threshold that revokes everything before the key with this counter, or up to it; nothing
/// when there is nothing before it.
std::optional<std::uint64_t> threshold_before(std::uint64_t counter, bool inclusive);

/// Access keys and their revocation (docs/protocol/identity.md sections 5 and 8). Thread-safe.
/// Revocation is deny-first: the key is refused in memory, then the transaction is made durable,
/// then the call returns. When the store fails the key stays refused and the caller gets the error.
/// With `dry_run` nothing changes and the number is what would be revoked.
class AccessKeys {
 public:
  explicit AccessKeys(const Parts& parts) : parts_(parts) {}

  /// `also`: may be empty. Errors: label_invalid, agent_not_found, identity_missing,
  /// identity_locked, counter_exhausted, those of `also`.
  base::Result<Minted> mint(const Actor& actor, NewKey key, const InMint& also = {});

  base::Result<Listed<KeyRecord>> list(const KeyFilter& filter, const Page& page);
  /// `text`: id, label if unique, or the last 6 or more characters of the hint. Forgotten keys are
  /// not found. Errors: key_not_found, key_ambiguous.
  base::Result<KeyRecord> find(std::string_view text);
  base::Result<KeyRecord> get(std::string_view id);

  /// The number of keys that were not revoked before.
  base::Result<std::int64_t> revoke(const Actor& actor, std::string_view id,
                                    const std::optional<std::string>& reason, bool dry_run);
  /// Everything the same issuer made before key `id`, or up to it.
  base::Result<std::int64_t> revoke_before(const Actor& actor, std::string_view id, bool inclusive,
                                           bool dry_run);
  /// Without a counter: everything the issuer has made so far.
  base::Result<std::int64_t> revoke_issuer(const Actor& actor, const identity::Address& issuer,
                                           std::optional<std::uint64_t> up_to_counter,
                                           bool dry_run);
  /// A key made elsewhere, without a record of it. Error: invalid_member (nonce not 1..128 bytes).
  base::Result<std::int64_t> revoke_nonce(const Actor& actor, const identity::Address& issuer,
                                          std::string_view nonce, bool dry_run);
  /// Revokes and hides from every list.
  base::Result<std::int64_t> forget(const Actor& actor, std::string_view id);

  /// Adds up what keys were used for, in one transaction. A key without a record gets one, up to
  /// max_foreign_records.
  base::Result<void> record_usage(std::span<const Usage> usage);

  /// Against the current policy.
  Inspection inspect(std::string_view text);

 private:
  struct Signer;
  struct ForeignRecords;
  enum class Effect : std::uint8_t { none, revoke, revoke_and_hide };

  /// Nothing: another process recorded a counter in between, and it has to be done again.
  base::Result<std::optional<Minted>> mint_once(const Actor& actor, const NewKey& key,
                                                const InMint& also);
  base::Result<std::int64_t> revoke_record(const Actor& actor, std::string_view id,
                                           const std::optional<std::string>& reason, Effect effect);
  base::Result<std::int64_t> revoke_up_to(const Actor& actor, const identity::Address& issuer,
                                          std::uint64_t counter, const std::string& reason,
                                          bool dry_run);

  // Constant after construction.
  Parts parts_;
  /// Held from the choice of a counter until it is committed, so that counters are committed in
  /// order.
  std::mutex minting_;
  // Used inside write transactions only, which run one after another.
  std::shared_ptr<ForeignRecords> foreign_;
};

}  // namespace kronborg::authority
