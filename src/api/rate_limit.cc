#include "api/rate_limit.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <mutex>

namespace kronborg::api {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t sweep_pause_ns = 100 * ns_per_ms;
constexpr std::uint64_t overflow_source = ~std::uint64_t{0};

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t random_seed(base::Random& random) {
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  std::uint64_t seed = 0;
  std::memcpy(&seed, bytes.data(), bytes.size());
  return seed;
}

/// FNV-1a of its name; the names are ours.
std::uint64_t policy_id(std::string_view name) {
  std::uint64_t id = 0xCBF29CE484222325U;
  for (const char c : name) id = (id ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return id;
}

std::int64_t per_token_ns(const RatePolicy& policy) {
  return policy.window_s * ns_per_s / policy.quota;
}

std::int64_t rounded_up_s(std::int64_t ns) { return (ns + ns_per_s - 1) / ns_per_s; }

/// One policy may have two buckets in a request, of a key and of a source: it is named once, by the
/// one that is exhausted, else by the first.
bool stands_for_another(const RateVerdict& verdict, const RateShare& share) {
  for (const RateShare& other : verdict.shares) {
    if (&other == &share || other.policy.name != share.policy.name) continue;
    const bool exhausted = share.token_in_s > 0;
    const bool other_exhausted = other.token_in_s > 0;
    if (exhausted != other_exhausted) return other_exhausted;
    return &other < &share;
  }
  return false;
}

}  // namespace

RateLimiter::RateLimiter(const base::Clock& clock, base::Random& random, std::size_t max_buckets)
    : clock_(clock),
      max_per_shard_(std::max<std::size_t>(1, max_buckets / shard_count)),
      seed_(random_seed(random)) {
  for (Shard& shard : shards_) shard.table = Table(0, Hash{seed_});
}

std::size_t RateLimiter::Hash::operator()(const Key& key) const {
  return mixed(mixed(key.high ^ seed, key.low ^ 0x9E3779B97F4A7C15U) ^ key.policy, seed | 1U);
}

RateKey RateKey::of_source(std::string_view address) {
  const std::string text(address);
  std::array<std::uint8_t, 16> bytes{};
  RateKey key;
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    std::memcpy(&key.high, bytes.data(), 4);
    key.low = 4;
  } else if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (std::equal(mapped.begin(), mapped.end(), bytes.begin())) {
      std::memcpy(&key.high, bytes.data() + mapped.size(), 4);
      key.low = 4;
    } else {
      std::memcpy(&key.high, bytes.data(), 8);
      key.low = 6;
    }
  } else {
    key.low = overflow_source;
  }
  return key;
}

RateKey RateKey::of_id(std::span<const std::uint8_t, 16> id) {
  RateKey key;
  std::memcpy(&key.high, id.data(), 8);
  std::memcpy(&key.low, id.data() + 8, 8);
  return key;
}

RateAsk rate_ask(const Rates& rates, Policy policy, const RateKey& key) {
  const Rate& rate = rates.at(static_cast<std::size_t>(policy));
  return {{.name = facts_of(policy).name, .quota = rate.quota, .window_s = rate.window_s}, key};
}

RateLimiter::Key RateLimiter::room_for(Shard& shard, const Key& key, std::int64_t now_ns) const {
  if (shard.table.size() < max_per_shard_ || shard.table.contains(key)) return key;
  if (now_ns - shard.swept_ns >= sweep_pause_ns || now_ns < shard.swept_ns) {
    shard.swept_ns = now_ns;
    boost::unordered::erase_if(shard.table,
                               [&](const auto& bucket) { return bucket.second <= now_ns; });
    if (shard.table.size() < max_per_shard_) return key;
  }
  return {.high = overflow_source, .low = overflow_source, .policy = key.policy};
}

RateVerdict RateLimiter::take(std::string_view source_address,
                              std::span<const RatePolicy> policies) {
  const RateKey key = RateKey::of_source(source_address);
  std::array<RateAsk, max_rate_asks> asks;
  for (std::size_t i = 0; i < policies.size(); ++i) asks.at(i) = {policies[i], key};
  return judge(std::span(asks).first(policies.size()), true);
}

RateVerdict RateLimiter::judge(std::span<const RateAsk> asks, bool takes) {
  const std::int64_t now_ns = clock_.now_ms() * ns_per_ms;
  struct Bucket {
    Shard* shard = nullptr;
    Key place;
    std::int64_t full_at = 0, taken = 0;  ///< before and after one token was taken
    bool known = false;                   ///< it stands in the table
  };
  std::array<Bucket, max_rate_asks> buckets;
  std::array<std::unique_lock<std::mutex>, max_rate_asks> locks;
  std::array<bool, shard_count> wanted{};
  RateVerdict verdict;
  verdict.shares.reserve(asks.size());
  for (std::size_t i = 0; i < asks.size(); ++i) {
    const RateKey& of = asks[i].key;
    const Key home{.high = of.high, .low = of.low, .policy = 0};
    const std::size_t shard = Hash{seed_}(home) % shard_count;
    wanted[shard] = true;
    buckets.at(i).shard = &shards_[shard];
    buckets.at(i).place = {
        .high = of.high, .low = of.low, .policy = policy_id(asks[i].policy.name)};
  }
  std::size_t locked = 0;  // in the order of the shards, so that two requests never wait in a ring
  for (std::size_t i = 0; i < shard_count; ++i) {
    if (wanted[i]) locks.at(locked++) = std::unique_lock(shards_[i].mutex);
  }
  for (std::size_t i = 0; i < asks.size(); ++i) {
    Bucket& bucket = buckets.at(i);
    bucket.place = room_for(*bucket.shard, bucket.place, now_ns);
    const std::int64_t window_ns = asks[i].policy.window_s * ns_per_s;
    const auto found = bucket.shard->table.find(bucket.place);
    bucket.known = found != bucket.shard->table.end();
    bucket.full_at = std::max(bucket.known ? found->second : now_ns, now_ns);
    bucket.full_at = std::min(bucket.full_at, now_ns + window_ns);  // the clock may have stepped
                                                                    // back
    bucket.taken = bucket.full_at + per_token_ns(asks[i].policy);
    if (bucket.taken - now_ns > window_ns) verdict.allowed = false;
  }
  for (std::size_t i = 0; i < asks.size(); ++i) {
    const RatePolicy& policy = asks[i].policy;
    const Bucket& bucket = buckets.at(i);
    const std::int64_t window_ns = policy.window_s * ns_per_s;
    const bool counts = takes && verdict.allowed;
    const std::int64_t full_at = counts ? bucket.taken : bucket.full_at;
    const std::int64_t missing_ns = std::max<std::int64_t>(0, bucket.taken - now_ns - window_ns);
    verdict.shares.push_back({.policy = policy,
                              .remaining = (now_ns + window_ns - full_at) / per_token_ns(policy),
                              .full_in_s = rounded_up_s(full_at - now_ns),
                              .token_in_s = rounded_up_s(missing_ns)});
    if (counts || (takes && bucket.known)) {
      bucket.shard->table.insert_or_assign(bucket.place, full_at);
    }
  }
  return verdict;
}

std::size_t RateLimiter::buckets() const {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    sum += shard.table.size();
  }
  return sum;
}

std::vector<std::pair<std::string, std::string>> rate_fields(const RateVerdict& verdict) {
  std::string policies;
  std::string state;
  const RateShare* smallest = nullptr;
  for (const RateShare& share : verdict.shares) {
    const bool own = &share == &verdict.shares.front();
    const bool exhausted = share.token_in_s > 0;
    if (!own && !exhausted && share.remaining * 5 >= share.policy.quota) continue;
    if (stands_for_another(verdict, share)) continue;
    if (smallest != nullptr) {
      policies += ", ";
      state += ", ";
    }
    policies += fmt::format("\"{}\";q={};w={}", share.policy.name, share.policy.quota,
                            share.policy.window_s);
    state += fmt::format("\"{}\";r={};t={}", share.policy.name, share.remaining, share.full_in_s);
    if (smallest == nullptr ||
        share.remaining * smallest->policy.quota < smallest->remaining * share.policy.quota) {
      smallest = &share;
    }
  }
  if (smallest == nullptr) return {};
  return {{"RateLimit-Policy", policies},
          {"RateLimit", state},
          {"RateLimit-Limit", std::to_string(smallest->policy.quota)},
          {"RateLimit-Remaining", std::to_string(smallest->remaining)},
          {"RateLimit-Reset", std::to_string(smallest->full_in_s)}};
}

base::Error rate_limited(const RateVerdict& verdict) {
  std::vector<std::string> names;
  std::int64_t seconds = 1;
  for (const RateShare& share : verdict.shares) {
    if (share.token_in_s == 0) continue;
    if (std::ranges::find(names, share.policy.name) == names.end())
      names.emplace_back(share.policy.name);
    seconds = std::max(seconds, share.token_in_s);
  }
  return base::Error(base::Code::rate_limited)
      .with({.name = "policies", .value = std::move(names)})
      .with({.name = "retryAfter", .value = seconds});
}

}  // namespace kronborg::api
