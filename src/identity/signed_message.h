#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/keccak.h"
#include "crypto/secp256k1.h"
#include "identity/address.h"

namespace kronborg::identity {

/// What a signature is for (docs/protocol/identity.md section 3.1). A signature under one prefix is
/// worthless under another.
enum class Prefix : std::uint8_t {
  access,           ///< payload of an access key
  message,          ///< payload of a request token
  pairing,          ///< connector's proof
  pairing_server,   ///< host's proof in the answers of pairing, invite and owner redeem
  invite,           ///< invite, short text
  kronborg_invite,  ///< invite, whole payload
  secure_channel,   ///< channel transcript
  ethereum,         ///< EIP-191: owner redeem text, identity proofs and sign-offs
};

/// The words of the table of section 3.1, for example `Osaurus Signed Access`.
std::string_view prefix_text(Prefix prefix);

/// 0x19, prefix, ":", LF, the number of payload bytes in decimal, payload (section 3).
std::string envelope_preimage(std::string_view prefix, base::BytesView payload);

/// Keccak-256 of the preimage, without building it.
crypto::Digest envelope_digest(Prefix prefix, base::BytesView payload);

/// Precondition: crypto::is_private_key.
crypto::Signature sign(const crypto::PrivateKey& key, Prefix prefix, base::BytesView payload);

/// The signer under the rules of section 3.2; nothing when the signature does not recover. A change
/// of payload or prefix recovers another address, so the caller compares.
std::optional<Address> recover_signer(Prefix prefix, base::BytesView payload,
                                      const crypto::Signature& signature);

}  // namespace kronborg::identity
