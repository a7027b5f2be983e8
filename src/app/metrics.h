#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kronborg::app {

enum class SurfaceKind : std::uint8_t { gate, forward_auth, api, health, discovery, spaces };
inline constexpr std::size_t surface_kinds = 6;

/// Counters of docs/protocol/http.md section 14. Counting is a relaxed addition to a fixed table:
/// no lock, no look-up by text, on any event loop. Label values come from fixed lists.
class Metrics {
 public:
  void request(SurfaceKind surface, std::string_view method, int status, std::int64_t micros);
  void auth_failure(std::string_view code);

  /// Read at each scrape.
  void add_gauge(std::string name, std::string help, std::function<double()> read);

  /// Prometheus text format.
  [[nodiscard]] std::string text() const;

 private:
  static constexpr std::size_t methods = 8;
  static constexpr std::size_t statuses = 500;  // 100..599
  static constexpr std::size_t codes = 35;
  static constexpr std::size_t buckets = 12;
  using Counter = std::atomic<std::uint64_t>;

  struct Gauge {
    std::string name, help;
    std::function<double()> read;
  };

  std::array<std::array<std::array<Counter, statuses>, methods>, surface_kinds> requests_{};
  std::array<std::array<Counter, buckets + 1>, surface_kinds> seconds_{};
  std::array<Counter, surface_kinds> total_micros_{};
  std::array<Counter, codes> failures_{};
  std::vector<Gauge> gauges_;  // constant after start
};

}  // namespace kronborg::app
