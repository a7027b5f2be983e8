#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "identity/address.h"

namespace kronborg::pairing {

// Words for comparison (docs/protocol/pairing.md section 3).

/// The words number 0, 8, 16 … 2040 of the English BIP-39 list, in that order: a byte names a word.
std::string_view word(std::uint8_t byte);
/// Joined by `-`.
std::string words(base::BytesView bytes);

/// Four words of an address, the same for every casing.
std::string address_words(const identity::Address& address);

/// What the short words are made of: texts as sent.
struct Compared {
  std::string_view nonce;
  identity::Address connector, agent;
  std::string_view enc_pub;
};
/// The three words that both screens show; for committed exchanges only.
std::string short_words(const Compared& compared);

}  // namespace kronborg::pairing
