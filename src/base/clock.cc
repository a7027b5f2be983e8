#include "base/clock.h"

#include <fmt/format.h>

#include <chrono>

namespace kronborg::base {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t seconds_per_day = 86'400;

/// Reads fixed-width decimal fields from the front of a text.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  std::optional<unsigned> number(std::size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    unsigned value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool any_of(std::string_view choices) {
    if (rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] char front() const { return rest_.empty() ? '\0' : rest_.front(); }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<std::int64_t> read_date(FieldReader& in) {
  const auto year = in.number(4);
  if (!year || !in.any_of("-")) return std::nullopt;
  const auto month = in.number(2);
  if (!month || !in.any_of("-")) return std::nullopt;
  const auto day = in.number(2);
  if (!day) return std::nullopt;
  const chrono::year_month_day date(chrono::year(static_cast<int>(*year)), chrono::month(*month),
                                    chrono::day(*day));
  if (!date.ok()) return std::nullopt;
  return chrono::sys_days(date).time_since_epoch().count();
}

/// Milliseconds of a fraction, further digits cut off; 0 when there is none.
std::optional<std::int64_t> read_fraction(FieldReader& in) {
  if (!in.any_of(".")) return 0;
  std::int64_t ms = 0;
  std::int64_t weight = 100;
  auto digit = in.number(1);
  if (!digit) return std::nullopt;
  for (; digit; digit = in.number(1)) {
    ms += *digit * weight;
    weight /= 10;
  }
  return ms;
}

/// Seconds east of UTC.
std::optional<std::int64_t> read_offset(FieldReader& in) {
  if (in.any_of("Zz")) return 0;
  const bool west = in.front() == '-';
  if (!in.any_of("+-")) return std::nullopt;
  const auto hours = in.number(2);
  if (!hours || *hours > 23 || !in.any_of(":")) return std::nullopt;
  const auto minutes = in.number(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::int64_t seconds = std::int64_t{*hours} * 3600 + std::int64_t{*minutes} * 60;
  return west ? -seconds : seconds;
}

}  // namespace

std::int64_t SystemClock::now_ms() const {
  const auto since_epoch = chrono::system_clock::now().time_since_epoch();
  return chrono::duration_cast<chrono::milliseconds>(since_epoch).count();
}

std::string iso_time(std::int64_t unix_ms) {
  const chrono::sys_time<chrono::milliseconds> time{chrono::milliseconds(unix_ms)};
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  FieldReader in(text);
  const auto day = read_date(in);
  if (!day || !in.any_of("Tt")) return std::nullopt;
  const auto hour = in.number(2);
  if (!hour || *hour > 23 || !in.any_of(":")) return std::nullopt;
  const auto minute = in.number(2);
  if (!minute || *minute > 59 || !in.any_of(":")) return std::nullopt;
  const auto second = in.number(2);
  if (!second || *second > 60) return std::nullopt;
  const auto ms = read_fraction(in);
  if (!ms) return std::nullopt;
  const auto offset = read_offset(in);
  if (!offset || !in.done()) return std::nullopt;
  const std::int64_t minute_start =
      *day * seconds_per_day + std::int64_t{*hour} * 3600 + std::int64_t{*minute} * 60 - *offset;
  // RFC 3339 section 5.7: a leap second ends a UTC day; it counts as the first of the next.
  const std::int64_t next_minute = minute_start + 60;
  if (*second == 60 && next_minute % seconds_per_day != 0) return std::nullopt;
  return (minute_start + *second) * 1000 + *ms;
}

std::int64_t one_year_later(std::int64_t unix_seconds) {
  const chrono::sys_seconds time{chrono::seconds(unix_seconds)};
  const auto day = chrono::floor<chrono::days>(time);
  chrono::year_month_day date(day);
  date += chrono::years(1);
  if (!date.ok()) date = date.year() / date.month() / chrono::last;
  return (chrono::sys_days(date) + (time - day)).time_since_epoch().count();
}

}  // namespace kronborg::base
