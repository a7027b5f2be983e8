#include "authority/revocation_set.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/random.h"

namespace kronborg::authority {

namespace {

// Slots per 4 entries: a load of 0.8, 20 bytes per entry.
constexpr std::size_t slots_per_4_entries = 5;
// A layer is merged into the next larger one when that is at most this many times as big: 10
// million entries added one by one are at most a dozen layers.
constexpr std::size_t growth = 4;
constexpr std::size_t max_nonce_bytes = 128;

std::size_t scaled(std::uint64_t hash, std::size_t count) {
  return static_cast<std::size_t>(static_cast<unsigned __int128>(hash) * count >> 64);
}

}  // namespace

/// Open addressing with linear probing. The entry {0, 0} marks a free slot.
struct RevocationSet::Layer {
  explicit Layer(std::size_t capacity)
      : slots(std::max<std::size_t>(8, capacity * slots_per_4_entries / 4 + 1)) {}

  [[nodiscard]] bool contains(const Entry& entry) const {
    for (std::size_t i = scaled(entry.high, slots.size());; i = i + 1 == slots.size() ? 0 : i + 1) {
      if (slots[i] == entry) return true;
      if (slots[i] == Entry{}) return false;
    }
  }
  void add(const Entry& entry) {
    std::size_t i = scaled(entry.high, slots.size());
    while (slots[i] != Entry{}) {
      if (slots[i] == entry) return;
      i = i + 1 == slots.size() ? 0 : i + 1;
    }
    slots[i] = entry;
    ++count;
  }
  void add_all(const Layer& other) {
    for (const Entry& entry : other.slots) {
      if (entry != Entry{}) add(entry);
    }
  }

  std::vector<Entry> slots;
  std::size_t count = 0;
};

RevocationSet::RevocationSet() {
  std::array<std::uint8_t, sizeof key_> bytes{};
  base::SystemRandom().fill(bytes);
  std::memcpy(key_.data(), bytes.data(), bytes.size());
}

RevocationSet::Entry RevocationSet::entry(const identity::Address& issuer,
                                          std::string_view nonce) const {
  // The issuer has a fixed length, so that joining the two is unambiguous.
  std::array<std::uint8_t, 20 + max_nonce_bytes> joined;  // NOLINT: only what is filled is read
  const std::size_t length = std::min(nonce.size(), max_nonce_bytes);
  std::ranges::copy(issuer.bytes(), joined.begin());
  std::memcpy(joined.data() + 20, nonce.data(), length);
  const SipDigest digest = siphash128(key_, {joined.data(), 20 + length});
  const Entry made{digest.high, digest.low};
  return made == Entry{} ? Entry{0, 1} : made;
}

bool RevocationSet::contains(const Entry& entry) const {
  return std::ranges::any_of(layers_, [&](const auto& layer) { return layer->contains(entry); });
}

bool RevocationSet::contains(const identity::Address& issuer, std::string_view nonce) const {
  return !layers_.empty() && contains(entry(issuer, nonce));
}

void RevocationSet::add(std::span<const Entry> entries) {
  auto added = std::make_shared<Layer>(entries.size());
  for (const Entry& entry : entries) {
    if (!contains(entry)) added->add(entry);
  }
  if (added->count == 0) return;
  std::size_t total = added->count;
  std::size_t kept = layers_.size();
  while (kept > 0 && layers_[kept - 1]->count <= growth * total) {
    total += layers_[--kept]->count;
  }
  if (kept < layers_.size()) {
    auto merged = std::make_shared<Layer>(total);
    for (std::size_t i = kept; i < layers_.size(); ++i) merged->add_all(*layers_[i]);
    merged->add_all(*added);
    added = std::move(merged);
    layers_.resize(kept);
  }
  layers_.push_back(std::move(added));
}

std::size_t RevocationSet::size() const {
  std::size_t sum = 0;
  for (const auto& layer : layers_) sum += layer->count;
  return sum;
}

}  // namespace kronborg::authority
