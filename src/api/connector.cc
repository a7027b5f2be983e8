#include <optional>
#include <string>

#include "api/members.h"
#include "api/operations.h"
#include "authority/identity.h"
#include "base/encoding.h"
#include "identity/signature_text.h"
#include "keyholder/keyholder.h"
#include "pairing/proofs.h"
#include "pairing/words.h"

// The connecting side of pairing (docs/protocol/pairing.md section 9): what only the key holder can
// do for it. Both proofs are built here from their parts, so that nothing else gets signed.

namespace kronborg::api {
namespace {

constexpr std::size_t nonce_digits = 64;
constexpr std::size_t key_bytes = 32;
constexpr std::size_t key_characters = 43;  // of that in base64url

keyholder::KeyRef pairing_key() { return {.kind = identity::KeyKind::pairing, .agent = {}}; }

base::Result<authority::IdentityFacts> own_identity(const Desk& desk) {
  TRY(auto facts, desk.nouns.identity.facts());
  if (!facts) return base::Code::identity_missing;
  return *std::move(facts);
}

base::Result<std::string> signed_text(const Desk& desk, identity::Prefix prefix,
                                      const std::string& text, const keyholder::KeyRef& key) {
  TRY(const auto signature, desk.nouns.parts.key_holder.sign(prefix, base::bytes_of(text), key));
  return identity::signature_text(signature);
}

/// base64url of 32 bytes.
std::optional<std::string> sent_key(Members& members, std::string_view name) {
  auto text = members.line(name, key_characters, Need::required);
  const auto bytes = text ? base::base64url_strict(*text) : std::nullopt;
  if (text && (!bytes || bytes->size() != key_bytes)) {
    members.fault(name, "bad_pattern", "It is base64url of 32 bytes.");
  }
  return text;
}

}  // namespace

base::Result<Outcome> get_connector(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto own, own_identity(desk));
  TRY(const auto address, desk.nouns.parts.key_holder.address(pairing_key()));
  return Outcome{.body = {{"connectorAddress", address.text()},
                          {"fingerprint", pairing::address_words(address)},
                          {"masterAddress", own.master.text()},
                          {"deviceId", own.device_id}}};
}

base::Result<Outcome> prove_connector(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto nonce = members.line("nonce", nonce_digits, Need::required);
  const auto enc_pub = sent_key(members, "encPub");
  if (nonce && (nonce->size() != nonce_digits || !base::hex_strict(*nonce))) {
    members.fault("nonce", "bad_pattern", "It is 64 hexadecimal digits.");
  }
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto own, own_identity(desk));
  TRY(const auto address, desk.nouns.parts.key_holder.address(pairing_key()));
  TRY(const auto signature, signed_text(desk, identity::Prefix::pairing,
                                        pairing::connector_text(*nonce, *enc_pub), pairing_key()));
  return Outcome{.body = {{"connectorAddress", address.text()}, {"signature", signature}}};
}

base::Result<Outcome> prove_owner(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto agent = members.address("agentAddress", Need::required);
  const auto nonce = sent_key(members, "nonce");
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto own, own_identity(desk));
  TRY(const auto signature,
      signed_text(desk, identity::Prefix::ethereum, pairing::owner_text(*agent, *nonce), {}));
  return Outcome{.body = {{"masterAddress", own.master.text()},
                          {"deviceId", own.device_id},
                          {"signature", signature}}};
}

}  // namespace kronborg::api
