#include "credential/space_key.h"

#include "base/encoding.h"
#include "crypto/hash.h"

namespace kronborg::credential {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

/// 0..15, or -1.
int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

SpaceKey SpaceKey::draw(base::Random& random) {
  SpaceKey key;
  random.fill(key.bytes_.fill());
  return key;
}

std::optional<SpaceKey> SpaceKey::parse(std::string_view text) {
  if (text.size() != 64) return std::nullopt;
  SpaceKey key;
  const auto bytes = key.bytes_.fill();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit_value(text[2 * i]);
    const int low = digit_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return key;
}

base::SecretText SpaceKey::text() const {
  std::array<char, 64> out{};
  const auto bytes = bytes_.reveal();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out[2 * i] = digits[bytes[i] >> 4U];
    out[2 * i + 1] = digits[bytes[i] & 0x0FU];
  }
  base::SecretText text{std::string_view(out.data(), out.size())};
  base::wipe(out.data(), out.size());
  return text;
}

SpaceKeyHash SpaceKey::hash() const { return crypto::sha256(bytes_.reveal()); }

std::string SpaceKey::hint() const { return base::hex(bytes_.reveal().last(2)); }

std::string hash_text(const SpaceKeyHash& hash) { return base::hex(hash); }

std::optional<SpaceKeyHash> hash_from(std::string_view text) {
  SpaceKeyHash hash{};
  if (text.size() != 64 || !base::hex_strict_into(text, hash)) return std::nullopt;
  return hash;
}

}  // namespace kronborg::credential
