#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/secp256k1.h"
#include "identity/address.h"
#include "identity/signed_message.h"

namespace kronborg::identity {

// Signatures as text outside of tokens (docs/protocol/identity.md section 3.3): read in either case
// with one optional `0x`.

/// Nothing: not exactly 65 bytes in hexadecimal digits, which counts as not verifying.
std::optional<crypto::Signature> read_signature(std::string_view text);
/// `0x` and 130 lower-case digits.
std::string signature_text(const crypto::Signature& signature);

/// Who signed `payload`; nothing when the signature is malformed or does not recover. The caller
/// compares.
std::optional<Address> signer_of(Prefix prefix, std::string_view payload,
                                 std::string_view signature);

}  // namespace kronborg::identity
