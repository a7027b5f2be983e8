#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"

namespace kronborg::credential {

/// SHA-256 of the 32 bytes of a space key: what is stored, and searched.
using SpaceKeyHash = std::array<std::uint8_t, 32>;

/// A key of a space (docs/protocol/spaces.md section 2): 32 random bytes, written as 64 hexadecimal
/// digits. Join tokens have the same form.
class SpaceKey {
 public:
  static SpaceKey draw(base::Random& random);
  /// 64 hexadecimal digits of either case; nothing for anything else.
  static std::optional<SpaceKey> parse(std::string_view text);

  [[nodiscard]] base::SecretText text() const;  ///< 64 lower-case digits
  [[nodiscard]] SpaceKeyHash hash() const;
  [[nodiscard]] std::string hint() const;  ///< the last 4 digits
  [[nodiscard]] const base::Secret<32>& bytes() const { return bytes_; }
  friend bool operator==(const SpaceKey& a, const SpaceKey& b) { return a.bytes_ == b.bytes_; }

 private:
  SpaceKey() = default;
  base::Secret<32> bytes_;
};

std::string hash_text(const SpaceKeyHash& hash);  ///< 64 lower-case digits, the form in the store
std::optional<SpaceKeyHash> hash_from(std::string_view text);

}  // namespace kronborg::credential
