#include "spaces/proof.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/text.h"
#include "identity/signed_message.h"
#include "spaces/keys.h"
#include "spaces/participant.h"

namespace kronborg::spaces {
namespace {

// docs/protocol/spaces.md section 10, http.md section 16.
constexpr std::int64_t challenge_ms = 120'000;
constexpr std::int64_t max_challenges_of_key = 5;
constexpr std::int64_t max_challenges = 100'000;

struct Purpose {
  std::string_view name;
  std::string subject;
};
Purpose purpose_of(const Caller& caller) {
  return {.name = caller.type == KeyType::invitation ? "join" : "attach",
          .subject = text_of(caller.holder)};
}

std::string proof_text(const Act& act, const Caller& caller, const identity::Address& address,
                       std::string_view nonce, std::int64_t expires_at_ms) {
  const Purpose purpose = purpose_of(caller);
  return fmt::format(
      "kronborg identity proof v1\norigin: {}\nspace: {}\npurpose: {}\nsubject: {}\naddress: {}\n"
      "nonce: {}\nexpires: {}",
      act.parts.origin, text_of(caller.space_id), purpose.name, purpose.subject, address.text(),
      nonce, base::iso_time(expires_at_ms));
}

/// Room for one more: those that are over go, then the oldest of this key. Error: store_full.
base::Result<void> make_room(Act& act, const std::string& key_id) {
  TRY_VOID(act.run("DELETE FROM space_challenges WHERE expires_at_ms <= $1", act.now_ms));
  TRY_VOID(
      act.run("DELETE FROM space_challenges WHERE key_id = $1 AND id NOT IN "
              "(SELECT id FROM space_challenges WHERE key_id = $1 "
              "ORDER BY expires_at_ms DESC, id LIMIT $2)",
              key_id, max_challenges_of_key - 1));
  TRY(const auto all, act.run("SELECT COUNT(*) FROM space_challenges"));
  if (all.rows.at(0).integer(0) < max_challenges) return {};
  return base::Error(base::Code::store_full, "Too many identity challenges are open.",
                     "Try again in two minutes.");
}

/// Errors: blocked, address_in_use.
base::Result<void> require_free(Act& act, const Caller& caller, const identity::Address& address) {
  TRY(const auto blocks, act.run("SELECT 1 FROM space_blocks WHERE space = $1 "
                                 "AND kind = 'address' AND value = $2",
                                 caller.space, address.lower()));
  if (!blocks.rows.empty()) return base::Code::blocked;
  TRY(const auto others, act.run("SELECT 1 FROM space_participants WHERE space = $1 "
                                 "AND address = $2 AND status = 'active' AND id <> $3 LIMIT 1",
                                 caller.space, address.lower(), text_of(caller.holder)));
  if (!others.rows.empty()) return base::Code::address_in_use;
  return {};
}

/// What changes with the address of a participant: the keys are looked up anew, and it is told.
base::Result<void> announce(Act& act, const Caller& caller, std::string_view action) {
  const std::string id = text_of(caller.holder);
  TRY(auto hashes, live_hashes(act, caller.space, id));
  act.forget(std::move(hashes));
  TRY(const Participant participant, read_participant(act, caller.space, id));
  tell_participant(act, participant, action);
  return {};
}

}  // namespace

base::Result<Challenge> challenge(Act& act, const Caller& caller,
                                  const identity::Address& address) {
  const std::string key_id = text_of(caller.key_id);
  TRY_VOID(make_room(act, key_id));
  std::array<std::uint8_t, 16> nonce{};
  act.parts.random.fill(nonce);
  Challenge made{.id = act.new_id(),
                 .message = {},
                 .nonce = base::hex(nonce),
                 .address = address,
                 .expires_at_ms = act.now_ms + challenge_ms};
  made.message = proof_text(act, caller, address, made.nonce, made.expires_at_ms);
  const Purpose purpose = purpose_of(caller);
  TRY_VOID(
      act.run("INSERT INTO space_challenges (id, space, key_id, purpose, subject, address, "
              "nonce, expires_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
              made.id, caller.space, key_id, purpose.name, purpose.subject, address.lower(),
              made.nonce, made.expires_at_ms));
  return made;
}

base::Result<identity::Address> prove(Act& act, const Caller& caller, std::string_view challenge_id,
                                      std::string_view signature) {
  TRY(const auto consumed,
      act.run("DELETE FROM space_challenges WHERE id = $1 AND key_id = $2 AND expires_at_ms > $3 "
              "RETURNING address, nonce, expires_at_ms",
              challenge_id, text_of(caller.key_id), act.now_ms));
  if (consumed.rows.empty()) return base::Code::challenge_expired;
  const sql::Row& row = consumed.rows.front();
  const auto address = identity::Address::parse(row.text(0));
  if (!address) return base::Code::store_damaged;
  const std::string message = proof_text(act, caller, *address, row.text(1), row.integer(2));
  if (signer_of(message, signature) != address) {
    act.keep = true;
    return base::Error(base::Code::signature_invalid,
                       "The signature is not one of that address over this challenge.",
                       "Ask for a new challenge and sign its message with personal_sign.")
        .with_status(400);
  }
  TRY_VOID(require_free(act, caller, *address));
  return *address;
}

base::Result<Proven> attach(Act& act, const Caller& caller, std::string_view challenge_id,
                            std::string_view signature) {
  TRY(const identity::Address address, prove(act, caller, challenge_id, signature));
  const std::string id = text_of(caller.holder);
  TRY_VOID(act.run("UPDATE space_participants SET address = $2, verified_at_ms = $3 WHERE id = $1",
                   id, address.lower(), act.now_ms));
  TRY_VOID(act.note(
      caller.space,
      {.event = "identity.proven", .subject = id, .detail = {{"address", address.text()}}}));
  TRY_VOID(announce(act, caller, "verified"));
  return Proven{.address = address, .verified_at_ms = act.now_ms};
}

base::Result<void> detach(Act& act, const Caller& caller) {
  TRY(const Space space, read_space(act, caller.space));
  if (space.require_verified) {
    return base::Error(base::Code::identity_required,
                       "This space needs a proven address of everybody in it.",
                       "Prove another address instead: it replaces this one.");
  }
  const std::string id = text_of(caller.holder);
  TRY(const auto removed,
      act.run("UPDATE space_participants SET address = NULL, verified_at_ms = NULL WHERE id = $1 "
              "AND address IS NOT NULL",
              id));
  if (removed.changed == 0) return {};
  TRY_VOID(act.note(caller.space, {.event = "identity.removed", .subject = id}));
  return announce(act, caller, "unverified");
}

std::optional<identity::Address> address_from_input(std::string_view text) {
  const auto address = identity::Address::parse(text);
  if (!address || (text != address->lower() && text != address->text())) return std::nullopt;
  return address;
}

std::optional<identity::Address> signer_of(std::string_view message, std::string_view signature) {
  crypto::Signature bytes{};
  if (!signature.starts_with("0x") || signature.size() != 2 + 2 * bytes.size()) return std::nullopt;
  if (!base::hex_strict_into(base::lower(signature.substr(2)), bytes)) return std::nullopt;
  if (bytes.back() != 27 && bytes.back() != 28) return std::nullopt;
  return identity::recover_signer(identity::Prefix::ethereum, base::bytes_of(message), bytes);
}

}  // namespace kronborg::spaces
