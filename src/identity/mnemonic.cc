#include "identity/mnemonic.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "crypto/hash.h"

namespace kronborg::identity {
namespace {

constexpr std::array<std::string_view, 2048> word_list{
#include "identity/bip39_english.inc"
};
static_assert(std::ranges::is_sorted(word_list));

constexpr std::size_t word_total = 24;
constexpr std::size_t longest_word = 8;

/// The 32 bytes and the first byte of their SHA-256: 24 groups of 11 bits.
using Checked = base::Secret<33>;

Checked with_checksum(std::span<const std::uint8_t, 32> entropy) {
  Checked checked;
  std::ranges::copy(entropy, checked.fill().begin());
  checked.fill()[32] = crypto::sha256(entropy)[0];
  return checked;
}

std::size_t group(const Checked& checked, std::size_t word) {
  std::size_t value = 0;
  for (std::size_t bit = word * 11; bit < word * 11 + 11; ++bit) {
    value = value << 1U | (checked.reveal()[bit / 8] >> (7 - bit % 8) & 1U);
  }
  return value;
}

void set_group(Checked& checked, std::size_t word, std::size_t value) {
  for (std::size_t i = 0; i < 11; ++i) {
    const std::size_t bit = word * 11 + i;
    if ((value >> (10 - i) & 1U) == 0) continue;
    auto& byte = checked.fill()[bit / 8];
    byte = static_cast<std::uint8_t>(byte | 0x80U >> bit % 8);
  }
}

/// Views into `text`, which must outlive them: no word is copied.
std::vector<std::string_view> split_at_white_space(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t before = i;
    if (!base::is_white_space(base::next_scalar(text, i))) continue;
    if (before > start) words.push_back(text.substr(start, before - start));
    start = i;
  }
  if (text.size() > start) words.push_back(text.substr(start));
  return words;
}

/// Position of the lower-cased word in the list.
std::optional<std::size_t> index_of(std::string_view word) {
  if (word.size() > longest_word) return std::nullopt;
  std::array<char, longest_word> low{};
  std::ranges::transform(word, low.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::string_view wanted(low.data(), word.size());
  const auto* const found = std::ranges::lower_bound(word_list, wanted);
  const bool known = found != word_list.end() && *found == wanted;
  const auto index = static_cast<std::size_t>(found - word_list.begin());
  base::wipe(low.data(), low.size());
  if (!known) return std::nullopt;
  return index;
}

base::Error unknown_word(std::string_view word) {
  const std::string shown = base::printable(base::lower(word), 40);
  const auto near = base::nearest(shown, word_list);
  base::Error error(base::Code::unknown_word, "\"" + shown + "\" is not a word of the list.",
                    near ? "Did you mean \"" + std::string(*near) + "\"?" : std::string());
  return std::move(error).with({.name = "word", .value = shown});
}

}  // namespace

base::SecretText words_of(const crypto::PrivateKey& master) {
  const Checked checked = with_checksum(master.reveal());
  std::array<char, word_total*(longest_word + 1)> joined{};
  std::size_t size = 0;
  for (std::size_t i = 0; i < word_total; ++i) {
    if (i > 0) joined[size++] = ' ';
    for (const char c : word_list[group(checked, i)]) joined[size++] = c;
  }
  base::SecretText words(std::string_view(joined.data(), size));
  base::wipe(joined.data(), joined.size());
  return words;
}

base::Result<crypto::PrivateKey> key_of_words(std::string_view text) {
  const auto words = split_at_white_space(text);
  if (words.size() != word_total) {
    return base::Error(base::Code::word_count,
                       "There are 24 words; " + std::to_string(words.size()) + " were given.");
  }
  Checked checked;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto index = index_of(words[i]);
    if (!index) return unknown_word(words[i]);
    set_group(checked, i, *index);
  }
  const auto entropy = checked.reveal().first<32>();
  if (crypto::sha256(entropy)[0] != checked.reveal()[32]) return base::Code::checksum;
  if (!crypto::is_private_key(entropy)) return base::Code::not_a_key;
  return crypto::PrivateKey(entropy);
}

}  // namespace kronborg::identity
