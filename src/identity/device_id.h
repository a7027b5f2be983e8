#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/p256.h"

// docs/protocol/identity.md section 12.1

namespace kronborg::identity {

/// What holds the key of a device. The wire names are those of `kind`.
enum class DeviceKind : std::uint8_t { apple_attest, tpm2, software };
std::string_view device_kind_name(DeviceKind kind);
std::optional<DeviceKind> device_kind_named(std::string_view name);

/// Standard base64 with padding of the SHA-256 of the uncompressed key.
std::string device_key_id(const crypto::P256PublicKey& key);
/// First 4 bytes of the SHA-256 of the text of a key id, 8 lower-case hex digits.
std::string device_id_of_key_id(std::string_view key_id);
std::string device_id_of(const crypto::P256PublicKey& key);

/// The id of a device: 8 lower-case hex digits, as 4 bytes.
class DeviceId {
 public:
  DeviceId() = default;
  /// Nothing unless these are 8 lower-case hex digits.
  static std::optional<DeviceId> parse(std::string_view text);
  static DeviceId of(const crypto::P256PublicKey& key);

  [[nodiscard]] std::string text() const;

  auto operator<=>(const DeviceId&) const = default;
  bool operator==(const DeviceId&) const = default;

  struct Hash {
    std::size_t operator()(const DeviceId& id) const;
  };

 private:
  std::array<std::uint8_t, 4> bytes_{};
};

}  // namespace kronborg::identity
