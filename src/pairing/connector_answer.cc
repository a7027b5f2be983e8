#include <memory>
#include <utility>

#include "base/json_members.h"
#include "credential/access_key.h"
#include "pairing/connector.h"
#include "pairing/seal.h"

namespace kronborg::pairing {
namespace {

using base::Code;
using base::json::object;

/// The members of an answer 200 that the connector looks at.
struct KeyAnswerBody {
  std::string agent_address;
  std::optional<std::string> api_key, signature, sas;
  std::optional<SealedKey> sealed;

  static std::optional<KeyAnswerBody> read(const object& members) {
    KeyAnswerBody body;
    if (!base::read_text(members, "agentAddress", body.agent_address) ||
        !base::read_text(members, "apiKey", body.api_key) ||
        !base::read_text(members, "serverSignature", body.signature) ||
        !base::read_text(members, "sas", body.sas)) {
      return std::nullopt;
    }
    const auto* sealed = base::set_member(members, "sealedApiKey");
    if (sealed == nullptr) return body;
    const auto* inside = sealed->if_object();
    SealedKey& key = body.sealed.emplace();
    if (inside == nullptr || !base::read_text(*inside, "enc", key.enc) ||
        !base::read_text(*inside, "ct", key.ct)) {
      return std::nullopt;
    }
    return body;
  }
};

/// false: the answer has no proof, which the user accepted. Error: host_not_proven.
base::Result<bool> check_proof(const KeyAnswerBody& body, const Expected& expected) {
  if (identity::Address::parse(body.agent_address) != expected.agent) return Code::host_not_proven;
  if (!body.signature && expected.answered != Answered::pair &&
      expected.unsigned_answer == Unsigned::accepted) {
    return false;
  }
  const std::string text =
      server_text(expected.answered, expected.agent, expected.nonce, expected.enc_pub);
  if (!body.signature ||
      !is_signed_by(expected.agent, identity::Prefix::pairing_server, text, *body.signature)) {
    return Code::host_not_proven;
  }
  return true;
}

}  // namespace

base::Result<ReceivedKey> check_key(base::SecretText key) {
  const auto parsed = std::make_unique<credential::ParsedAccessKey>();
  if (parsed->parse(key.reveal())) return Code::host_key_refused;
  const auto& claims = parsed->claims();
  const auto signer = parsed->recover_issuer();
  const auto audience = identity::Address::parse(claims.audience);
  if (!signer || identity::Address::parse(claims.issuer) != *signer || !audience) {
    return Code::host_key_refused;
  }
  return ReceivedKey{.key = std::move(key),
                     .audience = *audience,
                     .expires_at = claims.expires_at,
                     .proven = true};
}

base::Result<ReceivedKey> read_key_answer(std::string_view body, const Expected& expected,
                                          const crypto::X25519PrivateKey& own) {
  const auto value = base::parse_json(body);
  const auto* members = value ? value->if_object() : nullptr;
  const auto answer = members == nullptr ? std::nullopt : KeyAnswerBody::read(*members);
  if (!answer) return Code::host_answer_malformed;
  TRY(const bool proven, check_proof(*answer, expected));
  if (expected.sas && answer->sas != expected.sas) return Code::pairing_words_differ;
  // In clear, anybody on the way has read it.
  if (!answer->api_key.value_or("").empty() || !answer->sealed) return Code::host_key_refused;
  auto opened = open_key(*answer->sealed, own, expected.agent, expected.nonce);
  if (!opened) return Code::host_key_refused;
  TRY(auto received, check_key(*std::move(opened)));
  if (received.audience != expected.agent) return Code::host_key_refused;
  received.proven = proven;
  return received;
}

}  // namespace kronborg::pairing
