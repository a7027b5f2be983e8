#include "pairing/words.h"

#include <array>

#include "crypto/hash.h"

namespace kronborg::pairing {
namespace {

constexpr std::array<std::string_view, 2048> bip39{
#include "identity/bip39_english.inc"
};

constexpr std::array<std::string_view, 256> list = [] {
  std::array<std::string_view, 256> every_eighth{};
  for (std::size_t i = 0; i < every_eighth.size(); ++i) every_eighth[i] = bip39[8 * i];
  return every_eighth;
}();

std::array<std::uint8_t, 32> hash_of(std::initializer_list<std::string_view> parts) {
  crypto::Sha256 hash;
  for (const std::string_view part : parts) hash.add(base::bytes_of(part));
  return hash.finish();
}

}  // namespace

std::string_view word(std::uint8_t byte) { return list[byte]; }

std::string words(base::BytesView bytes) {
  std::string joined;
  for (const std::uint8_t byte : bytes) {
    if (!joined.empty()) joined += '-';
    joined += word(byte);
  }
  return joined;
}

std::string address_words(const identity::Address& address) {
  const auto digest = hash_of({"kronborg-address-words-v1", address.lower()});
  return words(base::BytesView(digest).first(4));
}

std::string short_words(const Compared& compared) {
  const auto digest = hash_of({"kronborg-pair-sas-v1", compared.nonce, compared.connector.lower(),
                               compared.agent.lower(), compared.enc_pub});
  return words(base::BytesView(digest).first(3));
}

}  // namespace kronborg::pairing
