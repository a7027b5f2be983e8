#include "pairing/connector.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/json_members.h"
#include "identity/signature_text.h"

namespace kronborg::pairing {
namespace {

using base::Code;
using base::json::object;

constexpr std::size_t nonce_digits = 64;

base::Result<object> read_object(std::string_view body) {
  auto value = base::parse_json(body);
  if (!value || !value->is_object()) return Code::host_answer_malformed;
  return std::move(value->get_object());
}

bool is_nonce(std::string_view text) {
  return text.size() == nonce_digits && base::hex_strict(text).has_value();
}

object device_members(const identity::Address& agent, const OwnerDevice& device) {
  object members{{"v", 1}, {"agent_address", agent.lower()}, {"device_id", device.id}};
  if (!device.name.empty()) members["device_name"] = device.name;
  return members;
}

}  // namespace

Attempt Attempt::draw(base::Random& random) {
  Attempt attempt;
  attempt.key = crypto::new_x25519_key(random);
  attempt.enc_pub = base::base64url(crypto::x25519_public_key(attempt.key));
  random.fill(attempt.reveal);
  return attempt;
}

std::string Attempt::commit(const identity::Address& connector) const {
  return base::base64url(commitment_of(reveal, connector, crypto::x25519_public_key(key)));
}

base::Result<HostChallenge> read_challenge_answer(std::string_view body, Compare compare) {
  TRY(const auto members, read_object(body));
  HostChallenge challenge;
  if (!base::read_text(members, "nonce", challenge.nonce) || !is_nonce(challenge.nonce)) {
    return Code::host_answer_malformed;
  }
  const auto* commit = members.if_contains("commit");
  challenge.committed = commit != nullptr && *commit == true;
  if (!challenge.committed && compare == Compare::required) return Code::host_cannot_compare;
  return challenge;
}

std::string pair_body(const identity::Address& connector, std::string_view agent_id,
                      const HostChallenge& challenge, const Attempt& attempt,
                      std::string_view signature) {
  object members{{"connectorAddress", connector.text()},
                 {"agentId", agent_id},
                 {"nonce", challenge.nonce},
                 {"signature", signature},
                 {"encPub", attempt.enc_pub}};
  if (challenge.committed) members["reveal"] = base::base64url(attempt.reveal);
  return base::sorted_json(members);
}

base::Result<CheckedInvite> check_invite(std::string_view link, std::int64_t now) {
  CheckedInvite checked;
  TRY(checked.invite, parse_invite_link(link));
  const auto signer = signer_of(checked.invite);
  if (!signer) return Code::invite_signature_invalid;
  if (now >= checked.invite.exp) return Code::invite_expired;
  checked.agent = *signer;
  checked.verified = checked.invite.sig2.has_value();
  return checked;
}

Unsigned unsigned_answers(const CheckedInvite& invite, Unsigned said) {
  return invite.verified ? Unsigned::refused : said;
}

std::string redeem_body(const CheckedInvite& invite, std::string_view enc_pub) {
  object members = invite.invite.members;
  members["encPub"] = enc_pub;
  return base::sorted_json(members);
}

std::string owner_challenge_body(const identity::Address& agent, const OwnerDevice& device) {
  return base::sorted_json(object{{"owner_redeem", device_members(agent, device)}});
}

base::Result<std::string> read_owner_challenge(std::string_view body) {
  TRY(const auto members, read_object(body));
  const auto* challenge = base::set_member(members, "owner_challenge");
  const auto* inside = challenge == nullptr ? nullptr : challenge->if_object();
  std::string nonce;
  if (inside == nullptr || !base::read_text(*inside, "nonce", nonce) || !read_32_bytes(nonce)) {
    return Code::host_answer_malformed;
  }
  return nonce;
}

std::string owner_redeem_body(const identity::Address& agent, const OwnerDevice& device,
                              std::string_view nonce, std::string_view enc_pub,
                              std::string_view signature) {
  object members = device_members(agent, device);
  members["nonce"] = nonce;
  members["encPub"] = enc_pub;
  members["wallet_signature"] = signature;
  return base::sorted_json(object{{"owner_redeem", std::move(members)}});
}

}  // namespace kronborg::pairing
