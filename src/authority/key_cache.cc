#include "authority/key_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kronborg::authority {

namespace {

/// From the first 16 bytes of the signature, which are the last 130 characters of a key. Whoever
/// could choose them to collide must hold a key that is accepted, and gains an eviction.
std::uint64_t tag_of(std::string_view text) {
  std::uint64_t words[4];
  std::memcpy(words, text.data() + text.size() - KeyCache::min_text, sizeof words);
  std::uint64_t tag = 0;
  for (const std::uint64_t word : words) {
    tag = (std::rotl(tag, 23) ^ word) * 0x9E3779B97F4A7C15;
  }
  return tag ^ (tag >> 32);
}

}  // namespace

Usage CachedKey::usage() const {
  return {.issuer = caller.issuer(),
          .audience = caller.audience(),
          .nonce = std::string(caller.nonce()),
          .label = std::string(caller.label()),
          .counter = caller.counter(),
          .issued_at = issued_at,
          .expires_at = caller.expires_at(),
          .hint = hint,
          .count = uses,
          .last_ms = last_ms,
          .last_source = last_source};
}

KeyCache::KeyCache(std::size_t slots) : sets_(std::bit_ceil(std::max(slots, ways)) / ways) {
  shift_ = static_cast<unsigned>(64 - std::countr_zero(sets_.size()));
}

KeyCache::Set& KeyCache::set_of(std::uint64_t tag) {
  const std::uint64_t mixed = tag * 0xD6E8FEB86659FD93;
  return sets_[shift_ == 64 ? 0 : mixed >> shift_];
}

// The comparison stops at the first difference, which is no oracle: to reach it the first 16 bytes
// of the signature must be right.
CachedKey* KeyCache::find(std::string_view text) {
  const std::uint64_t tag = tag_of(text);
  Set& set = set_of(tag);
  for (std::size_t way = 0; way < ways; ++way) {
    if (set.tags[way] != tag || !set.keys[way]) continue;
    if (set.keys[way]->text.reveal() != text) continue;
    set.used[way] = ++tick_;
    return set.keys[way].get();
  }
  return nullptr;
}

std::unique_ptr<CachedKey> KeyCache::insert(std::unique_ptr<CachedKey> key) {
  const std::uint64_t tag = tag_of(key->text.reveal());
  Set& set = set_of(tag);
  const auto way = static_cast<std::size_t>(std::ranges::min_element(set.used) - set.used.begin());
  set.tags[way] = tag;
  set.used[way] = ++tick_;
  std::swap(set.keys[way], key);
  return key;
}

}  // namespace kronborg::authority
