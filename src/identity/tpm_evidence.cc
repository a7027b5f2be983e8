#include "identity/tpm_evidence.h"

#include <algorithm>

#include "crypto/hash.h"

namespace kronborg::identity {

namespace {

constexpr std::uint32_t bound_signing_key =
    tpm_fixed_tpm | tpm_fixed_parent | tpm_sensitive_data_origin | tpm_sign;

bool has_exactly(std::uint32_t attributes, std::uint32_t set, std::uint32_t clear) {
  return (attributes & (set | clear)) == set;
}

}  // namespace

bool is_proof(base::BytesView proof, const crypto::P256Verifier& key, Challenge challenge) {
  return key.verifies(crypto::sha256(challenge), proof);
}

base::Result<TpmDevice> verify_tpm_evidence(const TpmEvidence& evidence, Challenge challenge) {
  const auto device = read_tpm_public(evidence.device_public);
  const auto attestation = read_tpm_public(evidence.attestation_public);
  if (!device || !attestation) return base::Code::tpm_malformed;
  if (!has_exactly(device->attributes, bound_signing_key, tpm_restricted | tpm_decrypt)) {
    return base::Code::tpm_key_attributes;
  }
  if (!has_exactly(attestation->attributes, bound_signing_key | tpm_restricted, tpm_decrypt)) {
    return base::Code::tpm_ak_attributes;
  }
  const auto certify = read_tpm_attest(evidence.certify);
  const auto signature = read_tpm_signature(evidence.signature);
  if (!certify || !signature) return base::Code::tpm_malformed;
  if (!attestation->key->verifies(crypto::sha256(evidence.certify), *signature)) {
    return base::Code::tpm_signature_invalid;
  }
  if (certify->magic != tpm_generated || certify->type != tpm_attest_certify) {
    return base::Code::tpm_certify_invalid;
  }
  if (!std::ranges::equal(certify->extra_data, crypto::sha256(challenge))) {
    return base::Code::tpm_challenge_mismatch;
  }
  if (!std::ranges::equal(certify->certified_name, device->name)) {
    return base::Code::tpm_name_mismatch;
  }
  if (!is_proof(evidence.proof, *device->key, challenge)) return base::Code::device_proof_invalid;
  return TpmDevice{.key = device->key->key(), .attestation_name = attestation->name};
}

}  // namespace kronborg::identity
