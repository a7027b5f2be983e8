#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/policies.h"

namespace kronborg::api {

enum class Repeated : std::uint8_t { stored, replayed, in_flight, mismatch, capacity };

/// What docs/protocol/http.md section 14 counts of this folder. Thread-safe.
class Counters {
 public:
  /// One of the policies of policies.h.
  void rate_limited(std::string_view policy);
  void idempotency(Repeated result);

  /// In the Prometheus text format, HELP and TYPE included.
  [[nodiscard]] std::string text(std::size_t rate_buckets) const;

 private:
  static constexpr std::array<std::string_view, 5> results = {"stored", "replayed", "in_flight",
                                                              "mismatch", "capacity"};
  std::array<std::atomic<std::uint64_t>, policy_count> limited_{};
  std::array<std::atomic<std::uint64_t>, results.size()> repeated_{};
};

}  // namespace kronborg::api
