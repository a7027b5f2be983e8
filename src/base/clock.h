#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kronborg::base {

/// Wall-clock time as an input, so that tests choose it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::int64_t now_ms() const = 0;  ///< Unix time in milliseconds
  [[nodiscard]] std::int64_t now() const { return now_ms() / 1000; }
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override;
};

/// YYYY-MM-DDThh:mm:ss.sssZ (http.md section 5).
std::string iso_time(std::int64_t unix_ms);
/// Any RFC 3339 time, as Unix milliseconds.
std::optional<std::int64_t> parse_time(std::string_view text);
/// The same UTC date and time one year on; 29 February becomes 28 February (identity.md 5.3).
/// Seconds.
std::int64_t one_year_later(std::int64_t unix_seconds);

}  // namespace kronborg::base
