#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace kronborg::crypto {

using P256PublicKey = std::array<std::uint8_t, 65>;  ///< uncompressed, first byte 04
using P256Signature = std::array<std::uint8_t, 64>;  ///< r ‖ s

/// A private scalar of NIST P-256, drawn until it is one.
base::Secret<32> new_p256_key(base::Random& random);
/// Errors: not_a_key outside 1..n-1, internal_error when memory is not to be had.
base::Result<P256PublicKey> p256_public_key(const base::Secret<32>& key);
/// ECDSA over a digest of 32 bytes, with a nonce from the system's random source. Errors as above.
base::Result<P256Signature> p256_sign(const base::Secret<32>& key,
                                      std::span<const std::uint8_t, 32> digest);
/// The x coordinate of key times point (SP 800-56A section 5.7.1.2). Errors: not_a_key for either,
/// internal_error.
base::Result<base::Secret<32>> p256_shared_x(const base::Secret<32>& key,
                                             const P256PublicKey& point);

/// A public key of NIST P-256, ready to verify with. Immutable and thread-safe; copies share it.
class P256Verifier {
 public:
  /// Nothing unless these are the 65 bytes of an uncompressed point on the curve.
  static std::optional<P256Verifier> of(base::BytesView uncompressed);

  [[nodiscard]] const P256PublicKey& key() const;
  /// ECDSA (FIPS 186-4 section 6.4) over a digest; r ‖ s of 64 bytes, else false. High S is good.
  [[nodiscard]] bool verifies(std::span<const std::uint8_t, 32> digest,
                              base::BytesView signature) const;
  /// The same for an Ecdsa-Sig-Value in DER and nothing behind it.
  [[nodiscard]] bool verifies_der(std::span<const std::uint8_t, 32> digest,
                                  base::BytesView signature) const;

 private:
  struct State;
  explicit P256Verifier(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace kronborg::crypto
