#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "identity/tpm_structures.h"

namespace kronborg::identity {

/// What only the TPM with a certain endorsement key, holding a certain attestation key, can open.
struct TpmCredential {
  base::Bytes credential;  ///< TPM2B_ID_OBJECT
  base::Bytes secret;      ///< TPM2B_ENCRYPTED_SECRET
};

/// TPM2_MakeCredential (TPM 2.0 Library, part 1, section 24) in software, for an endorsement key of
/// the default templates L-1 (RSA 2,048) and L-2 (NIST P-256): SHA-256 and AES-128.
/// `endorsement_key` is a SubjectPublicKeyInfo in DER. Error: tpm_ek_untrusted for another kind of
/// key.
base::Result<TpmCredential> make_credential(base::BytesView endorsement_key, const TpmName& name,
                                            const base::Secret<32>& content, base::Random& random);

}  // namespace kronborg::identity
