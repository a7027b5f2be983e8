#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/secp256k1.h"

namespace kronborg::identity {

/// Who signed, or whom a key is good for (docs/protocol/identity.md section 2): 20 bytes.
/// Comparison is by bytes, so the casing of a text never matters.
class Address {
 public:
  Address() = default;
  explicit Address(const std::array<std::uint8_t, 20>& bytes) : bytes_(bytes) {}

  /// `0x` and 40 hexadecimal digits in any casing, without a checksum test (section 1: addresses
  /// are compared after lower-casing, which covers the `x` too).
  static std::optional<Address> parse(std::string_view text);
  /// Last 20 bytes of the Keccak-256 of the 64 bytes after the 04.
  static Address of(const crypto::PublicKey& key);

  [[nodiscard]] std::string text() const;   ///< EIP-55 casing
  [[nodiscard]] std::string lower() const;  ///< `0x` and lower-case digits: the form in which
                                            ///< records are keyed
  [[nodiscard]] const std::array<std::uint8_t, 20>& bytes() const { return bytes_; }

  auto operator<=>(const Address&) const = default;
  bool operator==(const Address&) const = default;

  /// For tables whose addresses an outsider cannot choose freely: the bytes are a hash already.
  struct Hash {
    std::size_t operator()(const Address& address) const;
  };

 private:
  std::array<std::uint8_t, 20> bytes_{};
};

/// The address of a private key. Precondition: crypto::is_private_key.
Address address_of(const crypto::PrivateKey& key);

}  // namespace kronborg::identity
