#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/verify.h"
#include "base/secret.h"

namespace kronborg::authority {

/// A key whose signature was found good, and what has to be known of it to judge it again.
/// What a decision reads comes first and together: with thousands of keys in turn, each further
/// cache line is a wait for memory.
struct alignas(64) CachedKey {
  base::SecretText text;    ///< the exact bytes that carried the signature
  Claim claim;              ///< its nonce is a view into `caller`
  std::uint64_t epoch = 0;  ///< of the policy that `caller` was described by
  // Since the last collection:
  std::uint64_t uses = 0;
  std::int64_t last_ms = 0;
  std::string last_source;
  std::size_t used_at = 0;  ///< while uses > 0: the place in the list of what is to be collected

  Caller caller;
  bool own = false;  ///< issued by the master or an agent of this authority
  std::int64_t issued_at = 0;
  std::string hint;

  /// What is worth writing down of it.
  [[nodiscard]] Usage usage() const;
};

/// The keys seen last, by their exact bytes. Bounded; sets of eight, the least recently used of
/// which makes room (with four, 2,000 keys in 8,192 slots already push each other out). Secret
/// bytes are wiped when they leave. Not thread-safe.
class KeyCache {
 public:
  /// `slots` is rounded up to a power of two, at least 8.
  explicit KeyCache(std::size_t slots);

  /// The entry with exactly these bytes. Precondition: text is not shorter than min_text.
  CachedKey* find(std::string_view text);

  /// Puts it in; what had to leave, if anything.
  std::unique_ptr<CachedKey> insert(std::unique_ptr<CachedKey> key);

  static constexpr std::size_t min_text = 130;  ///< the digits of a signature

 private:
  static constexpr std::size_t ways = 8;
  struct alignas(64) Set {
    std::array<std::uint64_t, ways> tags{};
    std::array<std::unique_ptr<CachedKey>, ways> keys;
    std::array<std::uint64_t, ways> used{};
  };
  [[nodiscard]] Set& set_of(std::uint64_t tag);

  std::vector<Set> sets_;
  unsigned shift_ = 0;
  std::uint64_t tick_ = 0;
};

}  // namespace kronborg::authority
