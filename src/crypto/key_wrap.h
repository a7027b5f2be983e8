#pragma once

#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/p256.h"

// What a TPM's credential protection is made of.

namespace kronborg::crypto {

/// AES-128 in CFB mode with an initialisation vector of zeros, in place.
base::Result<void> aes128_cfb_encrypt(const base::Secret<16>& key, std::span<std::uint8_t> bytes);

/// The point when `public_key_info` (SubjectPublicKeyInfo, DER) is a key of NIST P-256.
std::optional<P256PublicKey> p256_key_of(base::BytesView public_key_info);

/// RSAES-OAEP (RFC 8017 section 7.1) with SHA-256 for the label and MGF1. Nothing when
/// `public_key_info` is no RSA key of 2,048 bits.
std::optional<base::Bytes> rsa2048_oaep_encrypt(base::BytesView public_key_info,
                                                base::BytesView label, base::BytesView message);

}  // namespace kronborg::crypto
