#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"

namespace kronborg::crypto {

// SPAKE2 over secp256k1 with SHA-256, the exchange of six-digit pairing
// (docs/protocol/pairing.md section 5.3).

using Spake2Share = std::array<std::uint8_t, 33>;  ///< a compressed point
using Spake2Confirmation = std::array<std::uint8_t, 32>;

enum class Spake2Role : std::uint8_t { phone, host };

/// Who pairs; the bytes as received, nothing trimmed or normalised.
struct Spake2Device {
  std::string_view id, name;
};

/// w: the scalar that a code stands for.
base::Secret<32> spake2_password(std::string_view code);

/// A share that another party sent: 33 bytes, first byte 02 or 03, x below p and on the curve.
std::optional<Spake2Share> read_spake2_share(base::BytesView bytes);

/// What both sides know when their codes are the same.
struct Spake2Agreement {
  base::Secret<32> session;  ///< seals the payload
  Spake2Confirmation host_confirmation{};
  Spake2Confirmation phone_confirmation{};
};

/// One side of one exchange. Its secrets are handled by those functions of libsecp256k1 that take
/// the same time for every scalar, and wiped at the end.
class Spake2 {
 public:
  /// Draws x or y. `password`: of spake2_password().
  Spake2(Spake2Role role, base::Secret<32> password, base::Random& random);

  [[nodiscard]] const Spake2Share& share() const { return share_; }
  /// `other`: of read_spake2_share(). Nothing when there is no shared point: the other side sent
  /// the mask alone, which is answered like a wrong code.
  [[nodiscard]] std::optional<Spake2Agreement> agree(const Spake2Share& other,
                                                     const Spake2Device& device) const;

 private:
  Spake2Role role_;
  base::Secret<32> password_;
  base::Secret<32> scalar_;
  Spake2Share share_{};
};

}  // namespace kronborg::crypto
