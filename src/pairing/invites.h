#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "authority/authority.h"
#include "base/json.h"
#include "base/result.h"
#include "crypto/x25519.h"
#include "pairing/host.h"
#include "pairing/invite.h"

namespace kronborg::pairing {

/// What the owner asks for.
struct NewInvite {
  std::string agent_id;
  std::optional<std::string> name;         ///< 1..80; nothing: the agent's
  std::optional<std::string> description;  ///< at most 200; nothing: none
  std::optional<std::string> url;          ///< http(s) base URL; nothing: the own origin
  InviteLife life = InviteLife::days_7;
};

/// A row of the ledger.
struct InviteRecord {
  std::string nonce, agent_id;
  identity::Address agent;
  std::string name;
  std::optional<std::string> description;
  std::string url;
  std::int64_t issued_at_ms = 0;
  std::int64_t expires_at = 0;  ///< seconds
  std::string state;            ///< active, used, revoked; and expired, for an active one
  std::optional<std::int64_t> used_at_ms;
  std::optional<std::string> redeemed_from, key_id;
  std::optional<std::int64_t> revoked_at_ms;
};

struct IssuedInvite {
  InviteRecord record;
  std::string link;  ///< shown once: whoever has it gets a key
};

/// An invite that passed rows 2 to 10 of docs/protocol/pairing.md section 6.2.
struct Redeemable {
  Invite invite;
  HostAgent agent;
  InviteRecord record;
  std::string enc_pub;                             ///< as sent
  std::optional<crypto::X25519PublicKey> enc_key;  ///< nothing: the key leaves in clear
};

/// Invites and their ledger (docs/protocol/pairing.md section 6). Thread-safe; calls block.
class Invites {
 public:
  explicit Invites(const Parts& parts) : parts_(parts) {}

  /// Errors: identity_locked, agent_not_found, label_invalid (the name), invalid_member
  /// (description, url).
  base::Result<IssuedInvite> issue(const authority::Actor& actor, const NewInvite& wanted);
  base::Result<authority::Listed<InviteRecord>> list(const authority::Page& page);
  /// Revokes the key that it produced as well. Error: not_found.
  base::Result<InviteRecord> revoke(const authority::Actor& actor, std::string_view nonce);
  /// Forgets those that ended 30 days ago; how many.
  base::Result<std::int64_t> purge();

  /// Rows 2 to 10. Errors: invite_malformed, invite_version, encryption_key_invalid,
  /// invite_signature_invalid, invite_expired, agent_unknown, invite_unknown, invite_revoked,
  /// invite_used.
  base::Result<Redeemable> judge(base::json::object body);
  /// Rows 11 and 12: of many at once exactly one succeeds. `source`: address of the connector.
  /// Errors: identity_locked, invite_revoked, invite_used, invite_expired, mint_failed.
  base::Result<Answered200> redeem(const authority::Actor& actor, std::string_view source,
                                   const Redeemable& redeemable);

 private:
  base::Result<InviteRecord> find(std::string_view nonce);
  base::Result<authority::Minted> mint(const authority::Actor& actor, std::string_view source,
                                       const Redeemable& redeemable);

  const Parts& parts_;
};

/// Within the transaction in which an agent's address is retired: its open invites end for good.
base::Result<void> end_invites_of_agent(sql::Transaction& transaction, std::string_view agent_id,
                                        std::int64_t now_ms);

/// The answer 200 to an invite and to owner redeem: agent, own origin, and the key, sealed when
/// there is `enc_key`. The proof is there whenever a key was sent. Error: mint_failed (the key was
/// revoked then).
struct KeyAnswer {
  const HostAgent& agent;
  const authority::Minted& minted;
  std::string_view nonce;
  const std::optional<crypto::X25519PublicKey>& enc_key;
  std::string_view proof;
};
base::Result<Answered200> answer_with_key(const Parts& parts, const authority::Actor& actor,
                                          const KeyAnswer& answer);

}  // namespace kronborg::pairing
