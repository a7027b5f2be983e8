#pragma once

#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/p256.h"
#include "identity/tpm_structures.h"

namespace kronborg::identity {

using Challenge = std::span<const std::uint8_t, 32>;

/// What a TPM says of a key that lives in it, and a proof by that key.
struct TpmEvidence {
  base::BytesView device_public;       ///< TPMT_PUBLIC
  base::BytesView attestation_public;  ///< TPMT_PUBLIC
  base::BytesView certify;             ///< TPMS_ATTEST
  base::BytesView signature;           ///< TPMT_SIGNATURE
  base::BytesView proof;               ///< see is_proof()
};

struct TpmDevice {
  crypto::P256PublicKey key{};
  TpmName attestation_name{};  ///< what credential activation binds to the endorsement key
};

/// docs/protocol/identity.md section 12.5, rows 1 to 9. Errors: tpm_…, device_proof_invalid, of the
/// first failing row.
base::Result<TpmDevice> verify_tpm_evidence(const TpmEvidence& evidence, Challenge challenge);

/// Section 12.2: 64 bytes r ‖ s, ECDSA over the SHA-256 of the challenge.
bool is_proof(base::BytesView proof, const crypto::P256Verifier& key, Challenge challenge);

}  // namespace kronborg::identity
