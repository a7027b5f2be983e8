#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/policies.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

namespace kronborg::api {

/// A token bucket: capacity `quota`, refilled evenly at `quota` per `window_s` seconds.
struct RatePolicy {
  std::string_view name;
  std::int64_t quota = 1;
  std::int64_t window_s = 60;
};

inline constexpr std::size_t max_rate_buckets = 1'000'000;  ///< http.md section 16

/// What is left of one policy after a request.
struct RateShare {
  RatePolicy policy;
  std::int64_t remaining = 0;   ///< whole tokens
  std::int64_t full_in_s = 0;   ///< rounded up
  std::int64_t token_in_s = 0;  ///< until one token exists, rounded up; 0 when there is one
};

struct RateVerdict {
  bool allowed = true;
  std::vector<RateShare> shares;  ///< in the order of the policies asked
};

/// What a bucket is kept for, beside its policy: a source address (IPv4 /32, IPv6 /64), a key, a
/// space, or the whole server.
struct RateKey {
  std::uint64_t high = 0, low = 0;
  static RateKey of_source(std::string_view address);
  static RateKey of_id(std::span<const std::uint8_t, 16> id);
  static RateKey of_server() { return {.high = 0, .low = 0}; }
};

struct RateAsk {
  RatePolicy policy;
  RateKey key;
};
/// What a request asks of `policy` as it is configured.
RateAsk rate_ask(const Rates& rates, Policy policy, const RateKey& key);
inline constexpr std::size_t max_rate_asks = 4;

/// Buckets per policy and source address (IPv4 /32, IPv6 /64), bounded. When the table is full,
/// buckets that are full again are dropped; when there are none, all further sources share one
/// bucket per policy. Thread-safe: one short lock of a sixteenth of the table.
class RateLimiter {
 public:
  RateLimiter(const base::Clock& clock, base::Random& random,
              std::size_t max_buckets = max_rate_buckets);

  /// One token from every policy; when one bucket is empty, none is taken. At most 4 policies, in a
  /// fixed set: a policy is known by its name.
  RateVerdict take(std::string_view source_address, std::span<const RatePolicy> policies);
  /// The same with a key for each policy; at most max_rate_asks of them.
  RateVerdict take(std::span<const RateAsk> asks) { return judge(asks, true); }
  /// What take() would say, without taking.
  RateVerdict look(std::span<const RateAsk> asks) { return judge(asks, false); }

  [[nodiscard]] std::size_t buckets() const;

 private:
  struct Key {
    std::uint64_t high = 0, low = 0, policy = 0;
    bool operator==(const Key&) const = default;
  };
  /// Keyed: an outsider chooses addresses.
  struct Hash {
    using is_avalanching = void;
    std::uint64_t seed;
    std::size_t operator()(const Key& key) const;
  };
  /// Value: Unix time in nanoseconds at which the bucket is full; one number says all of a bucket.
  using Table = boost::unordered_flat_map<Key, std::int64_t, Hash>;
  struct Shard {
    mutable std::mutex mutex;
    Table table;                // guarded by mutex
    std::int64_t swept_ns = 0;  // guarded by mutex
  };
  static constexpr std::size_t shard_count = 16;

  RateVerdict judge(std::span<const RateAsk> asks, bool takes);
  Key room_for(Shard& shard, const Key& key, std::int64_t now_ns) const;

  // Constant after construction.
  const base::Clock& clock_;
  std::size_t max_per_shard_;
  std::uint64_t seed_;
  // Each has its own lock.
  std::array<Shard, shard_count> shards_;
};

/// `RateLimit-Policy`, `RateLimit` and the three fields of earlier drafts. The first share is that
/// of the route's own policy; others are listed when less than 20 % is left.
std::vector<std::pair<std::string, std::string>> rate_fields(const RateVerdict& verdict);
/// The error of a refusal: rate_limited with `policies` and `retryAfter`.
base::Error rate_limited(const RateVerdict& verdict);

}  // namespace kronborg::api
