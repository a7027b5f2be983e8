#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace kronborg::keyholder {

/// What a TPM lets only itself open again: its parts as the TPM 2.0 Library writes them. Neither is
/// secret; without that TPM they are worthless.
struct TpmObject {
  base::Bytes public_area;   ///< TPMT_PUBLIC
  base::Bytes private_area;  ///< content of TPM2B_PRIVATE
};

/// A statement of the TPM that a key lives in it.
struct TpmCertificate {
  base::Bytes attest;     ///< TPMS_ATTEST
  base::Bytes signature;  ///< TPMT_SIGNATURE: ECDSA, SHA-256
};

/// Neither is exportable; both are NIST P-256 with ECDSA and SHA-256, made by the TPM itself.
enum class TpmKeyUse : std::uint8_t {
  device,       ///< signs any digest (docs/protocol/identity.md section 12.5, row 2)
  attestation,  ///< restricted: signs statements of the TPM only (row 3)
};

/// A TPM 2.0 behind an open descriptor (open_tpm() of tpm_channel.h). Every object is loaded,
/// used and flushed within one call; nothing stays in the TPM. Not thread-safe; calls block.
///
/// Errors of all: keystore_unavailable (the TPM is gone, or refused; its own words are in the
/// text), keystore_damaged (the object is not of this TPM).
class Tpm {
 public:
  /// The descriptor stays the caller's and must outlive the object.
  static base::Result<std::unique_ptr<Tpm>> on(int fd);
  ~Tpm();
  Tpm(const Tpm&) = delete;
  Tpm& operator=(const Tpm&) = delete;

  /// `pin`: the value that opens it; wrong ones count in the TPM's dictionary-attack protection.
  /// Without one, whoever can use this TPM opens it.
  base::Result<TpmObject> seal(const base::Secret<32>& secret,
                               const std::optional<base::Secret<32>>& pin);
  /// Errors, besides: wrong_passphrase; pin_locked_out while the TPM refuses every PIN.
  base::Result<base::Secret<32>> unseal(const TpmObject& sealed,
                                        const std::optional<base::Secret<32>>& pin);

  base::Result<TpmObject> create_key(TpmKeyUse use);
  /// r ‖ s over a SHA-256 digest. High S occurs. Only with a key for TpmKeyUse::device.
  base::Result<std::array<std::uint8_t, 64>> sign(const TpmObject& key,
                                                  std::span<const std::uint8_t, 32> digest);
  /// The attestation key states that `key` lives in this TPM; `challenge` stands in the statement
  /// as extraData.
  base::Result<TpmCertificate> certify(const TpmObject& key, const TpmObject& attestation_key,
                                       std::span<const std::uint8_t, 32> challenge);

  // The endorsement key of the default template L-2 (NIST P-256), for section 12.5, row 10.

  base::Result<base::Bytes> endorsement_key();  ///< TPMT_PUBLIC
  /// X.509 in DER, as its maker stored it; nothing when there is none.
  base::Result<std::optional<base::Bytes>> endorsement_certificate();
  /// Opens what was made for the attestation key in the TPM of this endorsement key.
  /// `credential`: TPM2B_ID_OBJECT; `secret`: TPM2B_ENCRYPTED_SECRET. Error keystore_damaged when
  /// they are neither, or for another.
  base::Result<base::Bytes> activate(const TpmObject& attestation_key, base::BytesView credential,
                                     base::BytesView secret);

 private:
  struct State;
  explicit Tpm(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kronborg::keyholder
