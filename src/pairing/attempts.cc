#include "pairing/attempts.h"

namespace kronborg::pairing {

base::Result<void> Attempts::admit(std::string_view source) {
  const auto wait = window_.admit(base::source_of(source));
  if (!wait) return {};
  return base::Error(base::Code::pairing_rate_limited).with({.name = "retryAfter", .value = *wait});
}

void Attempts::cool_down(std::string_view source) {
  constexpr std::int64_t cooldown_ms = 30'000;
  window_.cool_down(base::source_of(source), cooldown_ms);
}

}  // namespace kronborg::pairing
