#include "identity/address.h"

#include <algorithm>
#include <cstring>

#include "base/encoding.h"

namespace kronborg::identity {

std::optional<Address> Address::parse(std::string_view text) {
  if (text.size() != 42 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) {
    return std::nullopt;
  }
  std::array<char, 40> digits{};
  std::ranges::transform(text.substr(2), digits.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  Address address;
  if (!base::hex_strict_into({digits.data(), digits.size()}, address.bytes_)) return std::nullopt;
  return address;
}

Address Address::of(const crypto::PublicKey& key) {
  const crypto::Digest digest = crypto::keccak256(base::BytesView(key).subspan(1));
  Address address;
  std::ranges::copy(base::BytesView(digest).last(20), address.bytes_.begin());
  return address;
}

std::string Address::text() const {
  std::string digits = base::hex(bytes_);
  const std::string casing = base::hex(crypto::keccak256(base::bytes_of(digits)));
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (casing[i] >= '8' && digits[i] >= 'a') digits[i] = static_cast<char>(digits[i] - 'a' + 'A');
  }
  return "0x" + digits;
}

std::string Address::lower() const { return "0x" + base::hex(bytes_); }

std::size_t Address::Hash::operator()(const Address& address) const {
  std::size_t hash = 0;
  std::memcpy(&hash, address.bytes_.data(), sizeof hash);
  return hash;
}

Address address_of(const crypto::PrivateKey& key) { return Address::of(crypto::public_key(key)); }

}  // namespace kronborg::identity
