#include "api/counters.h"

#include <fmt/format.h>

namespace kronborg::api {

void Counters::rate_limited(std::string_view policy) {
  for (std::size_t i = 0; i < policy_count; ++i) {
    if (policy_table[i].name == policy) limited_[i].fetch_add(1, std::memory_order_relaxed);
  }
}

void Counters::idempotency(Repeated result) {
  repeated_[static_cast<std::size_t>(result)].fetch_add(1, std::memory_order_relaxed);
}

std::string Counters::text(std::size_t rate_buckets) const {
  std::string text =
      "# HELP kronborg_rate_limited_total Requests refused by a rate limit.\n"
      "# TYPE kronborg_rate_limited_total counter\n";
  for (std::size_t i = 0; i < policy_count; ++i) {
    text += fmt::format("kronborg_rate_limited_total{{policy=\"{}\"}} {}\n", policy_table[i].name,
                        limited_[i].load(std::memory_order_relaxed));
  }
  text +=
      "# HELP kronborg_idempotency_total Requests with an Idempotency-Key.\n"
      "# TYPE kronborg_idempotency_total counter\n";
  for (std::size_t i = 0; i < results.size(); ++i) {
    text += fmt::format("kronborg_idempotency_total{{result=\"{}\"}} {}\n", results[i],
                        repeated_[i].load(std::memory_order_relaxed));
  }
  text += fmt::format(
      "# HELP kronborg_table_entries Entries of tables held in memory.\n"
      "# TYPE kronborg_table_entries gauge\n"
      "kronborg_table_entries{{table=\"rate_buckets\"}} {}\n",
      rate_buckets);
  return text;
}

}  // namespace kronborg::api
