#include "base/json_members.h"
#include "base/secret.h"
#include "identity/signature_text.h"
#include "pairing/commitment.h"
#include "pairing/prompt.h"
#include "pairing/proofs.h"

namespace kronborg::pairing {
namespace {

using base::Code;

/// Row 2. null and empty are the same as absent for the two optional members.
struct PairBody {
  std::string connector, agent_id, nonce, signature;
  std::optional<std::string> enc_pub, reveal;

  static std::optional<PairBody> read(std::string_view text) {
    const auto value = base::parse_json(text);
    const auto* members = value ? value->if_object() : nullptr;
    PairBody body;
    if (members == nullptr || !base::read_text(*members, "connectorAddress", body.connector) ||
        !base::read_text(*members, "agentId", body.agent_id) ||
        !base::read_text(*members, "nonce", body.nonce) ||
        !base::read_text(*members, "signature", body.signature) ||
        !base::read_text(*members, "encPub", body.enc_pub) ||
        !base::read_text(*members, "reveal", body.reveal)) {
      return std::nullopt;
    }
    return body;
  }
};

/// Row 6.
bool keeps_its_word(const Commitment& commitment, const PairBody& body, const JudgedPair& pair) {
  const auto reveal = read_32_bytes(body.reveal.value_or(""));
  return reveal && pair.enc_key &&
         base::equal_in_constant_time(commitment_of(*reveal, pair.connector, *pair.enc_key),
                                      commitment);
}

}  // namespace

base::Result<JudgedPair> judge_pair(std::string_view body, Challenges& challenges) {
  const auto sent = PairBody::read(body);
  if (!sent) return Code::pairing_malformed;
  JudgedPair pair{.connector = {},
                  .agent_id = sent->agent_id,
                  .nonce = sent->nonce,
                  .enc_pub = sent->enc_pub.value_or(""),
                  .enc_key = {},
                  .committed = false};
  if (!pair.enc_pub.empty()) {
    pair.enc_key = crypto::read_x25519_public_key(pair.enc_pub);
    if (!pair.enc_key) return Code::encryption_key_invalid;
  }
  const auto signer = identity::signer_of(
      identity::Prefix::pairing, connector_text(pair.nonce, pair.enc_pub), sent->signature);
  // Byte for byte: only the EIP-55 spelling is the connector's address.
  if (!signer || signer->text() != sent->connector) return Code::pairing_signature_invalid;
  pair.connector = *signer;
  const auto challenge = challenges.use(pair.nonce);
  if (!challenge) return Code::pairing_challenge_invalid;
  if (challenge->commitment) {
    if (!keeps_its_word(*challenge->commitment, *sent, pair)) {
      return Code::pairing_commitment_mismatch;
    }
    pair.committed = true;
  }
  return pair;
}

base::Result<std::optional<Commitment>> read_commit(std::string_view query) {
  std::optional<Commitment> commitment;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const std::size_t equals = parameter.find('=');
    if (parameter.substr(0, equals) != "commit") continue;
    if (commitment || equals == std::string_view::npos) return Code::pairing_malformed;
    commitment = read_32_bytes(parameter.substr(equals + 1));
    if (!commitment) return Code::pairing_malformed;
  }
  return commitment;
}

}  // namespace kronborg::pairing
