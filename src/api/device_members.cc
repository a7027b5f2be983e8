#include "api/device_members.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/encoding.h"

namespace kronborg::api {
namespace {

constexpr std::size_t max_evidence = 32 * 1024;  ///< characters of one member
constexpr std::array<std::string_view, 3> kinds = {"apple-attest", "tpm2", "software"};

base::Bytes read_bytes(Members& members, std::string_view name, Need need) {
  const auto text = members.bytes(name, max_evidence, need);
  if (!text) return {};
  auto bytes = base::base64url_strict(*text);
  if (!bytes) members.fault(name, "bad_pattern", "It is base64url without padding.");
  return std::move(bytes).value_or(base::Bytes());
}

std::optional<base::Bytes> read_optional(Members& members, std::string_view name) {
  if (!members.has(name) || members.is_null(name)) return std::nullopt;
  return read_bytes(members, name, Need::optional);
}

authority::AppleEvidence read_apple(Members& members) {
  authority::AppleEvidence evidence;
  evidence.key_id = members.bytes("keyId", 256, Need::required).value_or("");
  evidence.attestation = read_bytes(members, "attestation", Need::required);
  return evidence;
}

authority::Tpm2Evidence read_tpm2(Members& members) {
  authority::Tpm2Evidence evidence;
  evidence.device_public = read_bytes(members, "devicePublic", Need::required);
  evidence.attestation_public = read_bytes(members, "akPublic", Need::required);
  evidence.certify = read_bytes(members, "certify", Need::required);
  evidence.signature = read_bytes(members, "signature", Need::required);
  evidence.proof = read_bytes(members, "proof", Need::required);
  evidence.ek_certificate = read_optional(members, "ekCertificate");
  evidence.activation = read_optional(members, "activation");
  return evidence;
}

}  // namespace

std::array<std::uint8_t, 32> read_challenge(Members& members) {
  std::array<std::uint8_t, 32> challenge{};
  const auto bytes = read_bytes(members, "challenge", Need::required);
  if (bytes.size() == challenge.size()) {
    std::ranges::copy(bytes, challenge.begin());
  } else if (!bytes.empty()) {
    members.fault("challenge", "bad_pattern", "It is base64url of 32 bytes.");
  }
  return challenge;
}

authority::NewDevice read_new_device(Members& members) {
  authority::NewDevice device;
  const auto challenge = read_challenge(members);
  device.challenge.assign(challenge.begin(), challenge.end());
  device.name = members.label("name", Need::optional);
  device.issuer = members.address("issuer", Need::optional);
  const auto kind = members.one_of("kind", kinds, Need::required);
  if (kind == "apple-attest") {
    device.evidence = read_apple(members);
  } else if (kind == "tpm2") {
    device.evidence = read_tpm2(members);
  } else if (const auto id = members.bytes("deviceId", 8, Need::optional)) {
    device.evidence = authority::UnattestedEvidence{*id};
  } else {
    device.evidence =
        authority::SoftwareEvidence{.public_key = read_bytes(members, "publicKey", Need::required),
                                    .proof = read_bytes(members, "proof", Need::required)};
  }
  return device;
}

boost::json::object evidence_members(const keyholder::DeviceProof& proof,
                                     const std::array<std::uint8_t, 32>& challenge) {
  boost::json::object body{{"challenge", base::base64url(challenge)}};
  if (const auto* const tpm = std::get_if<keyholder::TpmDeviceEvidence>(&proof)) {
    body["kind"] = "tpm2";
    body["devicePublic"] = base::base64url(tpm->device_public);
    body["akPublic"] = base::base64url(tpm->attestation_public);
    body["certify"] = base::base64url(tpm->certify);
    body["signature"] = base::base64url(tpm->signature);
    body["proof"] = base::base64url(tpm->proof);
    if (tpm->ek_certificate) body["ekCertificate"] = base::base64url(*tpm->ek_certificate);
    return body;
  }
  const auto& software = std::get<keyholder::SoftwareDeviceEvidence>(proof);
  body["kind"] = "software";
  body["publicKey"] = base::base64url(software.public_key);
  body["proof"] = base::base64url(software.proof);
  return body;
}

}  // namespace kronborg::api
