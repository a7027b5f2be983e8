#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/source_address.h"
#include "pairing/commitment.h"

namespace kronborg::pairing {

/// Nonces that were drawn and not used yet (docs/protocol/pairing.md section 2.1): each is good for
/// 120 s and one use. When all places, or those of one source, are taken, the one that ends first
/// goes. In memory only. Thread-safe.
class Challenges {
 public:
  static constexpr std::size_t most = 256;
  static constexpr std::size_t most_of_source = 8;
  static constexpr std::int64_t life_ms = 120'000;

  Challenges(const base::Clock& clock, base::Random& random) : clock_(clock), random_(random) {}

  /// A new nonce, 64 lower-case digits. `commitment`: what the connector has committed to before.
  std::string draw(std::string_view source, const std::optional<Commitment>& commitment);

  struct Used {
    std::optional<Commitment> commitment;
  };
  /// Uses a nonce up. Nothing: it is not outstanding.
  std::optional<Used> use(std::string_view nonce);

  [[nodiscard]] std::size_t outstanding() const;

 private:
  struct Challenge {
    std::string nonce;
    base::Source source;
    std::int64_t drawn_ms = 0;
    std::optional<Commitment> commitment;
  };

  void drop_ended();

  // Constant after construction.
  const base::Clock& clock_;
  base::Random& random_;
  // Guarded by mutex_. In the order in which they were drawn, which is that of their ends.
  mutable std::mutex mutex_;
  std::list<Challenge> drawn_;
};

}  // namespace kronborg::pairing
