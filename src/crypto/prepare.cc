#include "crypto/prepare.h"

#include <array>
#include <cstdint>

#include "crypto/hash.h"
#include "crypto/p256.h"
#include "crypto/seal.h"
#include "crypto/secp256k1.h"

namespace kronborg::crypto {

void prepare() {
  constexpr std::array<std::uint8_t, 24> zeros{};
  base::Secret<32> one;
  one.fill()[31] = 1;
  static_cast<void>(sha256(zeros));
  static_cast<void>(hmac_sha512(zeros, {zeros}));
  static_cast<void>(hmac_sha256(zeros, zeros));
  static_cast<void>(p256_public_key(one));
  static_cast<void>(aead_seal(one, zeros, zeros, zeros));
  static_cast<void>(recover(sign_recoverable(one, Digest{}), Digest{}));
}

}  // namespace kronborg::crypto
