#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "authority/siphash.h"
#include "identity/address.h"

namespace kronborg::authority {

/// Revoked (issuer, nonce) pairs, 10 million of them if need be. Cheap to copy: immutable layers of
/// geometrically growing size are shared, so that publishing a batch costs the batch and,
/// amortised, a few moves per entry. Entries are 128-bit digests keyed with a per-process secret,
/// so that nobody can choose nonces that collide.
class RevocationSet {
 public:
  struct Entry {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool operator==(const Entry&) const = default;
  };

  /// An empty set under a new key from the system's random source. Copies share the key.
  RevocationSet();

  /// The digest of a pair under this set's key.
  [[nodiscard]] Entry entry(const identity::Address& issuer, std::string_view nonce) const;

  [[nodiscard]] bool contains(const identity::Address& issuer, std::string_view nonce) const;
  /// Entries that are there already, or twice among the new ones, count once.
  void add(std::span<const Entry> entries);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Layer;
  [[nodiscard]] bool contains(const Entry& entry) const;

  SipKey key_;
  std::vector<std::shared_ptr<const Layer>> layers_;  ///< largest first
};

}  // namespace kronborg::authority
