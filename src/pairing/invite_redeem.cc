#include <utility>

#include "authority/audit.h"
#include "base/json_members.h"
#include "base/text.h"
#include "pairing/invite_rows.h"
#include "pairing/invites.h"
#include "pairing/labels.h"
#include "pairing/proofs.h"
#include "pairing/seal.h"

namespace kronborg::pairing {
namespace {

using base::Code;
using base::json::object;

constexpr std::string_view mint_sentence = "Failed to mint access key";

/// The row as it is now decides who was late.
base::Result<void> why_not(sql::Transaction& transaction, std::string_view nonce,
                           std::int64_t now) {
  TRY(const auto answer, transaction(INVITE_COLUMNS "WHERE nonce = $1", nonce));
  if (answer.rows.empty()) return Code::invite_expired;
  TRY(const auto record, invite_of(answer.rows.front(), now));
  if (record.state == "revoked") return Code::invite_revoked;
  if (record.state == "expired") return Code::invite_expired;
  return Code::invite_used;
}

}  // namespace

base::Result<Redeemable> Invites::judge(object body) {
  std::optional<std::string> enc_pub;
  const bool enc_pub_is_text = base::read_text(body, "encPub", enc_pub);
  Redeemable redeemable;
  auto invite = read_invite(std::move(body));
  // Row 2 comes before row 3.
  if (!enc_pub_is_text) return Code::invite_malformed;
  if (!invite) return invite.error();
  redeemable.invite = *std::move(invite);
  // Unlike that of /pair, an empty one is given, so that no key leaves in clear by mistake.
  if (enc_pub) {
    redeemable.enc_pub = *enc_pub;
    redeemable.enc_key = crypto::read_x25519_public_key(redeemable.enc_pub);
    if (!redeemable.enc_key) return Code::encryption_key_invalid;
  }
  const auto signer = signer_of(redeemable.invite);
  if (!signer) return Code::invite_signature_invalid;
  if (parts_.authority.clock.now() >= redeemable.invite.exp) return Code::invite_expired;
  TRY(auto agent, parts_.host.agent_of_address(*signer));
  if (!agent) return Code::agent_unknown;
  redeemable.agent = *std::move(agent);
  TRY(redeemable.record, find(redeemable.invite.nonce));
  const InviteRecord& record = redeemable.record;
  if (record.agent != *signer || record.expires_at != redeemable.invite.exp) {
    return Code::invite_unknown;
  }
  if (record.state == "revoked") return Code::invite_revoked;
  if (record.state == "used") return Code::invite_used;
  return redeemable;
}

base::Result<authority::Minted> Invites::mint(const authority::Actor& actor,
                                              std::string_view source,
                                              const Redeemable& redeemable) {
  const InviteRecord& record = redeemable.record;
  return mint_for(
      parts_.host, actor,
      {.label = invite_label(record.name, record.nonce),
       .agent_id = redeemable.agent.id,
       .expiry = credential::Expiry::year_1,
       .source = "invite"},
      redeemable.agent,
      [&](sql::Transaction& transaction, const authority::KeyRecord& key) -> base::Result<void> {
        const std::int64_t now_ms = parts_.authority.clock.now_ms();
        TRY(const auto used,
            transaction("UPDATE pairing_invites SET state = 'used', used_at_ms = $2, "
                        "redeemed_from = $3, key_id = $4 "
                        "WHERE nonce = $1 AND state = 'active' AND expires_at > $5",
                        record.nonce, now_ms, source, key.id, now_ms / 1000));
        if (used.changed != 1) return why_not(transaction, record.nonce, now_ms / 1000);
        object detail{{"agentId", record.agent_id}, {"name", record.name}, {"keyId", key.id}};
        TRY_VOID(authority::record_audit(
            transaction, parts_.authority, actor,
            {.type = "invite.redeem", .subject = record.nonce, .detail = std::move(detail)}));
        return {};
      },
      mint_sentence, {Code::invite_used, Code::invite_revoked, Code::invite_expired});
}

base::Result<Answered200> Invites::redeem(const authority::Actor& actor, std::string_view source,
                                          const Redeemable& redeemable) {
  if (parts_.host.locked()) return Code::identity_locked;
  std::string proof;
  if (redeemable.enc_key) {
    auto made = signed_by_agent(parts_.host, identity::Prefix::pairing_server,
                                server_text(Answered::invite, redeemable.agent.address,
                                            redeemable.invite.nonce, redeemable.enc_pub),
                                redeemable.agent);
    if (!made) {
      return made.error().code == Code::identity_locked
                 ? made.error()
                 : base::Error(Code::mint_failed, std::string(mint_sentence));
    }
    proof = *std::move(made);
  }
  TRY(const auto minted, mint(actor, source, redeemable));
  return answer_with_key(parts_, actor,
                         {.agent = redeemable.agent,
                          .minted = minted,
                          .nonce = redeemable.invite.nonce,
                          .enc_key = redeemable.enc_key,
                          .proof = proof});
}

base::Result<Answered200> answer_with_key(const Parts& parts, const authority::Actor& actor,
                                          const KeyAnswer& answer) {
  object members{{"agentAddress", answer.agent.address.text()},
                 {"agentName", answer.agent.name},
                 {"apiKey", ""},
                 {"relayBaseURL", parts.origin},
                 {"secureChannel", true}};
  if (answer.agent.description) members["agentDescription"] = *answer.agent.description;
  if (answer.enc_key) {
    const auto sealed = seal_key(answer.minted.key.reveal(), *answer.enc_key, answer.agent.address,
                                 answer.nonce, parts.authority.random);
    if (!sealed) {
      TRY_VOID(undelivered(parts, actor, answer.minted.record.id));
      return base::Error(Code::mint_failed, std::string(mint_sentence));
    }
    members["sealedApiKey"] = object{{"ct", sealed->ct}, {"enc", sealed->enc}};
    members["serverSignature"] = answer.proof;
  } else {
    members["apiKey"] = answer.minted.key.reveal();
  }
  return Answered200{.body = base::secret_json(std::move(members)),
                     .key_id = answer.minted.record.id};
}

}  // namespace kronborg::pairing
