#include <utility>

#include "authority/devices.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "identity/label.h"
#include "identity/tpm_evidence.h"

namespace kronborg::authority {

namespace {

using identity::DeviceKind;

/// TCG EK Credential Profile: tcg-kp-EKCertificate.
const std::string endorsement_purpose = "2.23.133.8.1";

using Challenge = std::span<const std::uint8_t, 32>;

identity::TpmEvidence view_of(const Tpm2Evidence& evidence) {
  return {.device_public = evidence.device_public,
          .attestation_public = evidence.attestation_public,
          .certify = evidence.certify,
          .signature = evidence.signature,
          .proof = evidence.proof};
}

std::string hash_of(base::BytesView bytes) { return base::hex(crypto::sha256(bytes)); }

/// Of all that must come again unchanged when a credential has been activated.
std::string hash_of(const Tpm2Evidence& evidence) {
  const base::Bytes none;
  crypto::Sha256 hash;
  for (const base::Bytes& part :
       {evidence.device_public, evidence.attestation_public, evidence.certify, evidence.signature,
        evidence.proof, evidence.ek_certificate.value_or(none)}) {
    hash.add(crypto::sha256(part));
  }
  return base::hex(hash.finish());
}

/// The certificate of the endorsement key, when it leads to one of the manufacturers.
struct Endorsement {
  crypto::Certificate certificate, root;
};
base::Result<Endorsement> endorsement_of(const Tpm2Evidence& evidence, const DeviceRules& rules,
                                         std::int64_t now) {
  if (!evidence.ek_certificate) return base::Code::tpm_ek_untrusted;
  auto certificate = crypto::Certificate::from_der(*evidence.ek_certificate);
  if (!certificate || certificate->allows_purpose(endorsement_purpose) == false) {
    return base::Code::tpm_ek_untrusted;
  }
  auto root = crypto::trust_anchor(*certificate, rules.tpm_ek_roots, now);
  if (!root) return base::Code::tpm_ek_untrusted;
  return Endorsement{*std::move(certificate), *std::move(root)};
}

DeviceRecord record_of(DeviceKind kind, const crypto::P256PublicKey& key) {
  DeviceRecord record;
  record.id = identity::device_id_of(key);
  record.kind = kind;
  record.public_key = key;
  return record;
}

}  // namespace

base::Result<Devices::Candidate> Devices::examine(const AppleEvidence& evidence,
                                                  Challenge challenge) const {
  TRY(auto found,
      identity::verify_attestation(evidence.attestation, evidence.key_id, crypto::sha256(challenge),
                                   {.app_ids = rules_.apple_app_ids,
                                    .environments = rules_.apple_environments,
                                    .root = rules_.apple_root,
                                    .at = parts_.clock.now()}));
  Candidate candidate{.record = record_of(DeviceKind::apple_attest, found.key),
                      .receipt = std::move(found.receipt)};
  AttestationSummary& summary = candidate.record.attestation;
  summary.verified = true;
  summary.format = "apple-appattest";
  summary.app_id = std::move(found.app_id);
  summary.environment = identity::environment_name(found.environment);
  summary.chain = rules_.apple_root.subject();
  return candidate;
}

base::Result<Devices::Candidate> Devices::examine(const Tpm2Evidence& evidence,
                                                  Challenge challenge) const {
  TRY(const auto found, identity::verify_tpm_evidence(view_of(evidence), challenge));
  Candidate candidate{.record = record_of(DeviceKind::tpm2, found.key), .receipt = {}};
  AttestationSummary& summary = candidate.record.attestation;
  summary.verified = true;
  summary.format = "tpm2";
  summary.manufacturer = "unchecked";
  if (rules_.tpm_ek_roots.empty()) return candidate;
  TRY(const auto endorsement, endorsement_of(evidence, rules_, parts_.clock.now()));
  summary.manufacturer = "checked";
  summary.chain = endorsement.root.subject();
  return candidate;
}

base::Result<Devices::Candidate> Devices::examine(const SoftwareEvidence& evidence,
                                                  Challenge challenge) const {
  const auto key = crypto::P256Verifier::of(evidence.public_key);
  if (!key) return base::Code::device_key_invalid;
  if (!identity::is_proof(evidence.proof, *key, challenge)) return base::Code::device_proof_invalid;
  Candidate candidate{.record = record_of(DeviceKind::software, key->key()), .receipt = {}};
  candidate.record.attestation.format = "software";
  return candidate;
}

base::Result<Devices::Candidate> Devices::examine(const UnattestedEvidence& evidence,
                                                  Challenge) const {
  if (!rules_.allow_unattested) return base::Code::device_key_required;
  if (!identity::DeviceId::parse(evidence.device_id)) {
    return base::Error(base::Code::invalid_member,
                       "A device id has 8 lower-case hexadecimal digits.");
  }
  Candidate candidate;
  candidate.record.id = evidence.device_id;
  candidate.record.kind = DeviceKind::software;
  candidate.record.attestation.format = "none";
  return candidate;
}

base::Result<ActivationRequired> Devices::ask_to_activate(const Tpm2Evidence& evidence,
                                                          Challenge challenge) {
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto open,
        transaction("SELECT 1 FROM device_challenges WHERE hash = $1 AND expires_at_ms > $2",
                    hash_of(challenge), parts_.clock.now_ms()));
    if (open.rows.empty()) return base::Code::device_challenge_unknown;
    return {};
  }));
  TRY(const auto found, identity::verify_tpm_evidence(view_of(evidence), challenge));
  TRY(const auto endorsement, endorsement_of(evidence, rules_, parts_.clock.now()));
  base::Secret<32> content;
  parts_.random.fill(content.fill());
  TRY(auto credential, identity::make_credential(endorsement.certificate.public_key_info(),
                                                 found.attestation_name, content, parts_.random));
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto noted, transaction("UPDATE device_challenges SET activation = $3, evidence = $4 "
                                      "WHERE hash = $1 AND expires_at_ms > $2",
                                      hash_of(challenge), parts_.clock.now_ms(),
                                      hash_of(content.reveal()), hash_of(evidence)));
    if (noted.changed == 0) return base::Code::device_challenge_unknown;
    return {};
  }));
  return ActivationRequired{std::move(credential)};
}

base::Result<Devices::Awaited> Devices::use_challenge(Challenge challenge) {
  Awaited awaited;
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto used,
        transaction("DELETE FROM device_challenges WHERE hash = $1 AND expires_at_ms > $2 "
                    "RETURNING activation, evidence",
                    hash_of(challenge), parts_.clock.now_ms()));
    if (used.rows.empty()) return base::Code::device_challenge_unknown;
    awaited = {.activation = used.rows.front().maybe_text(0),
               .evidence = used.rows.front().maybe_text(1)};
    return {};
  }));
  return awaited;
}

base::Result<Registration> Devices::register_device(const Actor& actor, const NewDevice& device) {
  std::optional<std::string> name;
  if (device.name) {
    TRY(name, identity::normalise_label(*device.name));
  }
  if (device.challenge.size() != 32) return base::Code::device_challenge_unknown;
  const Challenge challenge = base::BytesView(device.challenge).first<32>();
  const auto* const tpm = std::get_if<Tpm2Evidence>(&device.evidence);
  const bool must_activate = tpm != nullptr && !rules_.tpm_ek_roots.empty();
  if (must_activate && !tpm->activation) {
    auto asked = ask_to_activate(*tpm, challenge);
    if (asked) return Registration(*std::move(asked));
    TRY_VOID(use_challenge(challenge));
    return asked.error();
  }
  TRY(const Awaited awaited, use_challenge(challenge));
  if (must_activate &&
      (awaited.activation != hash_of(*tpm->activation) || awaited.evidence != hash_of(*tpm))) {
    return base::Code::tpm_ek_untrusted;
  }
  auto candidate = std::visit([&](const auto& evidence) { return examine(evidence, challenge); },
                              device.evidence);
  if (!candidate) return candidate.error();
  DeviceRecord& record = candidate->record;
  record.name = std::move(name);
  record.created_at_ms = parts_.clock.now_ms();
  record.attestation.at_ms = record.created_at_ms;
  TRY(auto registered, insert(actor, device, std::move(record), candidate->receipt));
  return Registration(std::move(registered));
}

}  // namespace kronborg::authority
