#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "crypto/p256.h"

// Structures of the TPM 2.0 Library, part 2, as far as the registration of a device needs them. All
// numbers are big-endian; every reader takes the whole of its input or nothing.

namespace kronborg::identity {

using TpmName = std::array<std::uint8_t, 34>;  ///< 000B ‖ SHA-256 of the TPMT_PUBLIC

/// TPMA_OBJECT
inline constexpr std::uint32_t tpm_fixed_tpm = 1U << 1U;
inline constexpr std::uint32_t tpm_fixed_parent = 1U << 4U;
inline constexpr std::uint32_t tpm_sensitive_data_origin = 1U << 5U;
inline constexpr std::uint32_t tpm_restricted = 1U << 16U;
inline constexpr std::uint32_t tpm_decrypt = 1U << 17U;
inline constexpr std::uint32_t tpm_sign = 1U << 18U;

inline constexpr std::uint32_t tpm_generated = 0xFF54'4347;  ///< TPM_GENERATED_VALUE
inline constexpr std::uint16_t tpm_attest_certify = 0x8017;  ///< TPM_ST_ATTEST_CERTIFY

/// TPMT_PUBLIC of a signing key: ECC on NIST P-256, name algorithm SHA-256, no symmetric algorithm,
/// no scheme or ECDSA with SHA-256, no KDF (docs/protocol/identity.md section 12.5, row 1).
struct TpmPublic {
  std::uint32_t attributes = 0;
  std::optional<crypto::P256Verifier> key;  ///< always there when read
  TpmName name{};
};
std::optional<TpmPublic> read_tpm_public(base::BytesView bytes);

/// TPMS_ATTEST. Of another type than tpm_attest_certify only what all types have in common is read.
struct TpmAttest {
  std::uint32_t magic = 0;
  std::uint16_t type = 0;
  base::BytesView extra_data;  ///< views of the input
  base::BytesView certified_name;
};
std::optional<TpmAttest> read_tpm_attest(base::BytesView bytes);

/// TPMT_SIGNATURE: ECDSA with SHA-256.
std::optional<crypto::P256Signature> read_tpm_signature(base::BytesView bytes);

}  // namespace kronborg::identity
