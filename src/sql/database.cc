#include "sql/database.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace kronborg::sql {

namespace {

constexpr std::size_t u64_digits = 20;

template <class T>
const T& as(const Value& value, const char* type) {
  const T* held = std::get_if<T>(&value.get());
  if (held == nullptr) throw std::logic_error(fmt::format("a column does not hold {}", type));
  return *held;
}

}  // namespace

std::int64_t Row::integer(std::size_t column) const {
  return as<std::int64_t>(columns_.at(column), "an integer");
}

const std::string& Row::text(std::size_t column) const {
  return as<std::string>(columns_.at(column), "a text");
}

std::optional<std::int64_t> Row::maybe_integer(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::optional<std::string> Row::maybe_text(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::string u64_text(std::uint64_t value) { return fmt::format("{:0{}}", value, u64_digits); }

std::uint64_t u64_from_text(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.size() != u64_digits || parsed.ec != std::errc{} || parsed.ptr != end) {
    throw std::logic_error("a column does not hold 20 decimal digits");
  }
  return value;
}

}  // namespace kronborg::sql
