#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "crypto/key_wrap.h"
#include "crypto/p256.h"
#include "identity/tpm_credential.h"

// The other side of make_credential(): what a TPM does in TPM2_ActivateCredential, written from
// part 1, section 24 of the TPM 2.0 Library, for an endorsement key on NIST P-256.

namespace kronborg::identity {

class SoftwareTpm {
 public:
  SoftwareTpm(base::Secret<32> endorsement_key, const TpmName& name)
      : key_(std::move(endorsement_key)), name_(name) {}

  /// Nothing when the credential is for another endorsement key or another name.
  [[nodiscard]] std::optional<base::Bytes> activate(const TpmCredential& made) const {
    // TPM2B_ENCRYPTED_SECRET { TPMS_ECC_POINT { TPM2B x, TPM2B y } }
    if (made.secret.size() != 2 + 68 || made.secret[1] != 68) return std::nullopt;
    const base::BytesView secret(made.secret);
    crypto::P256PublicKey point{0x04};
    std::ranges::copy(secret.subspan(4, 32), point.begin() + 1);
    std::ranges::copy(secret.subspan(38, 32), point.begin() + 33);
    const auto shared = crypto::p256_shared_x(key_, point);
    const auto own = crypto::p256_public_key(key_);
    if (!shared || !own) return std::nullopt;
    base::Bytes party{0, 0, 0, 1};
    add(party, shared->reveal());
    add(party, zero_ended("IDENTITY"));
    add(party, secret.subspan(4, 32));
    add(party, base::BytesView(*own).subspan(1, 32));
    const auto seed = crypto::sha256(party);

    // TPM2B_ID_OBJECT { TPM2B hmac, encrypted }
    const base::BytesView object = base::BytesView(made.credential).subspan(2);
    if (object.size() != 34 + 34 || object[1] != 32) return std::nullopt;
    const base::BytesView hmac = object.subspan(2, 32);
    const base::BytesView encrypted = object.subspan(34);
    base::Bytes sealed(encrypted.begin(), encrypted.end());
    add(sealed, name_);
    const auto expected = crypto::hmac_sha256(derive(seed, "INTEGRITY", {}, 256), sealed);
    if (!std::ranges::equal(expected, hmac)) return std::nullopt;
    const base::Bytes open = decrypt(derive(seed, "STORAGE", name_, 128), encrypted);
    if (open[0] != 0 || open[1] != 32) return std::nullopt;
    return base::Bytes(open.begin() + 2, open.end());
  }

 private:
  static void add(base::Bytes& out, base::BytesView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  static base::Bytes zero_ended(std::string_view label) {
    base::Bytes bytes(label.begin(), label.end());
    bytes.push_back(0);
    return bytes;
  }
  static base::Bytes derive(base::BytesView seed, std::string_view label, base::BytesView context,
                            int bits) {
    base::Bytes message{0, 0, 0, 1};
    add(message, zero_ended(label));
    add(message, context);
    add(message, base::Bytes{0, 0, static_cast<std::uint8_t>(bits / 256),
                             static_cast<std::uint8_t>(bits % 256)});
    const auto digest = crypto::hmac_sha256(seed, message);
    return {digest.begin(), digest.begin() + bits / 8};
  }
  /// CFB mode from the encrypting direction alone: a block of zeros gives the key stream.
  static base::Bytes decrypt(const base::Bytes& key, base::BytesView encrypted) {
    const base::Secret<16> secret(base::BytesView(key).first<16>());
    base::Bytes open;
    while (open.size() < encrypted.size()) {
      base::Bytes stream = open;
      stream.resize(encrypted.size(), 0);
      if (!crypto::aes128_cfb_encrypt(secret, stream)) return {};
      const std::size_t end = std::min(open.size() + 16, encrypted.size());
      for (std::size_t i = open.size(); i < end; ++i) {
        open.push_back(static_cast<std::uint8_t>(stream[i] ^ encrypted[i]));
      }
    }
    return open;
  }

  base::Secret<32> key_;
  TpmName name_;
};

}  // namespace kronborg::identity
