#include <algorithm>
#include <utility>

#include "authority/access_keys.h"
#include "authority/audit.h"
#include "authority/key_rows.h"
#include "base/random.h"
#include "identity/label.h"

namespace kronborg::authority {

namespace {

/// What the memory refuses already, also what a failed transaction left refused there.
std::optional<std::uint64_t> refused_up_to(const PolicyBoard& board,
                                           const identity::Address& issuer) {
  const auto policy = board.current();
  const auto threshold = policy->thresholds.find(issuer);
  if (threshold == policy->thresholds.end()) return std::nullopt;
  return threshold->second;
}

std::string without_hyphens(std::string uuid) {
  std::erase(uuid, '-');
  return uuid;
}

/// A key that does not verify must not leave: then the derived key is not the one that the store
/// knows.
base::Result<void> require_good(std::string_view text, const identity::Address& issuer) {
  const auto parsed = std::make_unique<credential::ParsedAccessKey>();
  if (!parsed->parse(text) && parsed->recover_issuer() == issuer) return {};
  return base::Error(base::Code::keyholder_failed,
                     "The key holder signed with another key than the store knows.",
                     "Run 'kronborg doctor'.");
}

base::Result<void> set_last_counter(sql::Transaction& transaction, const identity::Address& issuer,
                                    std::uint64_t counter) {
  TRY_VOID(
      transaction("INSERT INTO counters (issuer, last_counter) VALUES ($1, $2) "
                  "ON CONFLICT (issuer) DO UPDATE SET last_counter = excluded.last_counter",
                  issuer.lower(), sql::u64_text(counter)));
  return {};
}

base::json::object detail_of(const KeyRecord& key) {
  base::json::object detail;
  detail["label"] = key.label;
  detail["hint"] = key.hint;
  detail["scope"] = key.master_scope ? "master" : "agent";
  if (key.agent_id) detail["agentId"] = *key.agent_id;
  if (key.expires_at) detail["expiresAt"] = *key.expires_at;
  detail["source"] = key.source.value_or("");
  return detail;
}

/// What is kept of a key that is about to be signed; id, nonce and hint are still to come.
KeyRecord record_of(const credential::NewAccessKey& made, const NewKey& key) {
  return {.id = "",
          .label = key.label,
          .nonce = "",
          .hint = "",
          .issuer = made.issuer,
          .audience = made.audience,
          .counter = made.counter,
          .agent_id = key.agent_id,
          .master_scope = !key.agent_id,
          .created_at_ms = made.issued_at * 1000,
          .expires_at = made.expires_at,
          .last_used_at_ms = {},
          .last_used_from = {},
          .use_count = 0,
          .revoked_at_ms = {},
          .revoked_reason = {},
          .source = key.source,
          .legacy = false};
}

}  // namespace

/// Who signs a new key: the master or an agent.
struct AccessKeys::Signer {
  identity::Address address;
  keyholder::KeyRef key;

  /// The same signer as the store knows it in this transaction.
  static base::Result<Signer> read(sql::Transaction& transaction,
                                   const std::optional<std::string>& agent_id, std::int64_t now) {
    TRY(const auto identity, require_identity(transaction));
    if (!agent_id) return Signer{identity.master, {.kind = identity::KeyKind::master, .agent = {}}};
    TRY(const auto agent, read_agent(transaction, *agent_id, now));
    return Signer{
        agent.address,
        {.kind = identity::KeyKind::agent, .agent = {.scope = agent.scope, .index = agent.index}}};
  }
};

base::Result<Minted> AccessKeys::mint(const Actor& actor, NewKey key, const InMint& also) {
  TRY(key.label, identity::normalise_label(key.label));
  const std::lock_guard lock(minting_);
  while (true) {
    TRY(auto minted, mint_once(actor, key, also));
    if (minted) return *std::move(minted);
  }
}

// The counter is chosen and the key signed before the write, so that no writer waits for the key
// holder. The write then records it only if the counter is still above everything recorded for the
// issuer; within this process the mutex sees to that, another process may come in between.
base::Result<std::optional<Minted>> AccessKeys::mint_once(const Actor& actor, const NewKey& key,
                                                          const InMint& also) {
  Signer signer;
  std::optional<std::uint64_t> last;
  std::optional<std::uint64_t> threshold;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(signer, Signer::read(transaction, key.agent_id, parts_.clock.now()));
    TRY(last, read_last_counter(transaction, signer.address));
    TRY(threshold, read_threshold(transaction, signer.address));
    return {};
  }));
  threshold = std::max(threshold, refused_up_to(parts_.board, signer.address));

  const std::int64_t now_ms = parts_.clock.now_ms();
  credential::NewAccessKey made{.issuer = signer.address,
                                .audience = signer.address,
                                .label = key.label,
                                .nonce = "",
                                .counter = 0,
                                .issued_at = now_ms / 1000,
                                .expires_at = credential::expires_at(key.expiry, now_ms / 1000)};
  TRY(made.counter, credential::next_counter(last, threshold, now_ms));
  KeyRecord record = record_of(made, key);
  record.id = base::uuid4(parts_.random);
  record.nonce = made.nonce = without_hyphens(record.id);

  const std::string payload = credential::access_key_payload(made);
  TRY(const auto signature,
      parts_.key_holder.sign(identity::Prefix::access, base::bytes_of(payload), signer.key));
  auto text = credential::access_key_text(payload, signature);
  TRY_VOID(require_good(text.reveal(), signer.address));
  record.hint = credential::access_key_hint(signature);

  bool recorded = false;
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    recorded = false;
    TRY(const auto still, Signer::read(transaction, key.agent_id, parts_.clock.now()));
    TRY(const auto last_now, read_last_counter(transaction, signer.address));
    TRY(const auto threshold_now, read_threshold(transaction, signer.address));
    if (still.address != signer.address || record.counter <= std::max(last_now, threshold_now)) {
      return {};
    }
    TRY_VOID(set_last_counter(transaction, signer.address, record.counter));
    TRY(const auto seq,
        record_audit(transaction, parts_, actor,
                     {.type = "key.mint", .subject = record.id, .detail = detail_of(record)}));
    TRY_VOID(insert_key(transaction, record, seq));
    if (also) TRY_VOID(also(transaction, record));
    transaction.on_commit([&board = parts_.board, &signals = parts_.signals] {
      if (!board.current()->any_key_record) {
        board.publish([](Policy& policy) { policy.any_key_record = true; });
      }
      ++signals.bundle;
    });
    recorded = true;
    return {};
  }));
  if (!recorded) return std::optional<Minted>();
  return std::optional<Minted>(std::in_place, std::move(record), std::move(text));
}

}  // namespace kronborg::authority
