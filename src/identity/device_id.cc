#include "identity/device_id.h"

#include <bit>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace kronborg::identity {

std::string_view device_kind_name(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::apple_attest:
      return "apple-attest";
    case DeviceKind::tpm2:
      return "tpm2";
    case DeviceKind::software:
      return "software";
  }
  return {};
}

std::optional<DeviceKind> device_kind_named(std::string_view name) {
  for (const auto kind : {DeviceKind::apple_attest, DeviceKind::tpm2, DeviceKind::software}) {
    if (device_kind_name(kind) == name) return kind;
  }
  return std::nullopt;
}

std::string device_key_id(const crypto::P256PublicKey& key) {
  return base::base64(crypto::sha256(key));
}

std::string device_id_of_key_id(std::string_view key_id) {
  return base::hex(base::BytesView(crypto::sha256(base::bytes_of(key_id))).first(4));
}

std::string device_id_of(const crypto::P256PublicKey& key) {
  return device_id_of_key_id(device_key_id(key));
}

std::optional<DeviceId> DeviceId::parse(std::string_view text) {
  DeviceId id;
  if (text.size() != 2 * id.bytes_.size() || !base::hex_strict_into(text, id.bytes_)) {
    return std::nullopt;
  }
  return id;
}

DeviceId DeviceId::of(const crypto::P256PublicKey& key) { return *parse(device_id_of(key)); }

std::string DeviceId::text() const { return base::hex(bytes_); }

std::size_t DeviceId::Hash::operator()(const DeviceId& id) const {
  // The ids are hashes; spread over all bits for tables that look at the high ones.
  return std::size_t{std::bit_cast<std::uint32_t>(id.bytes_)} * 0x9E37'79B9'7F4A'7C15U;
}

}  // namespace kronborg::identity
