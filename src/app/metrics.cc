#include "app/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

namespace kronborg::app {
namespace {

constexpr std::array<std::string_view, surface_kinds> surface_names{
    "gate", "forward_auth", "api", "health", "discovery", "spaces"};
constexpr std::array<std::string_view, 8> method_names{"GET",   "HEAD",   "POST",    "PUT",
                                                       "PATCH", "DELETE", "OPTIONS", "other"};
constexpr std::array<std::string_view, 35> code_names{"no_keys_configured",
                                                      "credential_missing",
                                                      "token_format",
                                                      "payload_encoding",
                                                      "signature_encoding",
                                                      "payload_malformed",
                                                      "signature_invalid",
                                                      "issuer_mismatch",
                                                      "audience_mismatch",
                                                      "issuer_not_whitelisted",
                                                      "issuer_not_allowed",
                                                      "key_revoked",
                                                      "key_expired",
                                                      "request_token_header",
                                                      "assertion_encoding",
                                                      "request_token_parent",
                                                      "request_token_lifetime",
                                                      "request_token_not_yet_valid",
                                                      "request_token_expired",
                                                      "request_token_before_start",
                                                      "request_token_audience",
                                                      "request_token_action",
                                                      "device_unknown",
                                                      "device_revoked",
                                                      "device_assertion_missing",
                                                      "device_kind_mismatch",
                                                      "device_assertion_invalid",
                                                      "request_token_replayed",
                                                      "agent_scope_denied",
                                                      "owner_required",
                                                      "key_missing",
                                                      "key_malformed",
                                                      "key_unknown",
                                                      "space_closed",
                                                      "other"};
constexpr std::array<std::int64_t, 12> bucket_micros{100,       250,       500,        1'000,
                                                     2'500,     5'000,     25'000,     100'000,
                                                     1'000'000, 5'000'000, 30'000'000, 120'000'000};

template <std::size_t N>
std::size_t place_of(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? N - 1 : static_cast<std::size_t>(found - names.begin());
}

prometheus::ClientMetric::Label label(std::string_view name, std::string_view value) {
  return {std::string(name), std::string(value)};
}

}  // namespace

void Metrics::request(SurfaceKind surface, std::string_view method, int status,
                      std::int64_t micros) {
  const auto s = static_cast<std::size_t>(surface);
  const auto m = place_of(method_names, method);
  const auto code = static_cast<std::size_t>(std::clamp(status, 100, 599) - 100);
  requests_[s][m][code].fetch_add(1, std::memory_order_relaxed);
  const auto bucket = std::ranges::lower_bound(bucket_micros, micros) - bucket_micros.begin();
  seconds_[s][static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  total_micros_[s].fetch_add(static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)),
                             std::memory_order_relaxed);
}

void Metrics::auth_failure(std::string_view code) {
  failures_[place_of(code_names, code)].fetch_add(1, std::memory_order_relaxed);
}

void Metrics::add_gauge(std::string name, std::string help, std::function<double()> read) {
  gauges_.push_back({std::move(name), std::move(help), std::move(read)});
}

std::string Metrics::text() const {
  using prometheus::ClientMetric;
  using prometheus::MetricFamily;
  using prometheus::MetricType;
  std::vector<MetricFamily> families;
  MetricFamily requests{
      "kronborg_http_requests_total", "Requests answered.", MetricType::Counter, {}};
  MetricFamily seconds{"kronborg_http_request_seconds",
                       "Time from head to end of answer.",
                       MetricType::Histogram,
                       {}};
  for (std::size_t s = 0; s < surface_kinds; ++s) {
    for (std::size_t m = 0; m < methods; ++m) {
      for (std::size_t code = 0; code < statuses; ++code) {
        const auto count = requests_[s][m][code].load(std::memory_order_relaxed);
        if (count == 0) continue;
        ClientMetric metric;
        metric.label = {label("surface", surface_names[s]), label("method", method_names[m]),
                        label("status", std::to_string(code + 100))};
        metric.counter.value = static_cast<double>(count);
        requests.metric.push_back(std::move(metric));
      }
    }
    ClientMetric metric;
    metric.label = {label("surface", surface_names[s])};
    std::uint64_t sum = 0;
    for (std::size_t b = 0; b < buckets; ++b) {
      sum += seconds_[s][b].load(std::memory_order_relaxed);
      metric.histogram.bucket.push_back({sum, static_cast<double>(bucket_micros[b]) / 1e6});
    }
    sum += seconds_[s][buckets].load(std::memory_order_relaxed);
    metric.histogram.sample_count = sum;
    metric.histogram.sample_sum =
        static_cast<double>(total_micros_[s].load(std::memory_order_relaxed)) / 1e6;
    if (sum > 0) seconds.metric.push_back(std::move(metric));
  }
  MetricFamily failures{
      "kronborg_auth_failures_total", "Credentials refused.", MetricType::Counter, {}};
  for (std::size_t i = 0; i < codes; ++i) {
    ClientMetric metric;
    metric.label = {label("code", code_names[i])};
    metric.counter.value = static_cast<double>(failures_[i].load(std::memory_order_relaxed));
    failures.metric.push_back(std::move(metric));
  }
  families.push_back(std::move(requests));
  families.push_back(std::move(seconds));
  families.push_back(std::move(failures));
  for (const auto& gauge : gauges_) {
    MetricFamily family{gauge.name, gauge.help, MetricType::Gauge, {}};
    ClientMetric metric;
    metric.gauge.value = gauge.read();
    family.metric.push_back(std::move(metric));
    families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace kronborg::app
