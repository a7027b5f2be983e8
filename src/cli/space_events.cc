#include "cli/space_events.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace kronborg::cli {
namespace {

constexpr std::size_t most_bytes = std::size_t{16} << 20U;

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void EventReader::take_line(std::string_view line) {
  const auto colon = line.find(':');
  const auto field = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    event_.name = value;
  } else if (field == "id") {
    event_.id = value;
  } else if (field == "retry" && is_digits(value)) {
    std::from_chars(value.data(), value.data() + value.size(), retry_ms_);
  } else if (field == "data" && event_.data.size() + value.size() <= most_bytes) {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  }
}

bool EventReader::add(std::string_view bytes, const std::function<bool(const StreamEvent&)>& take) {
  for (const char c : bytes) {
    const bool second_half = std::exchange(after_return_, c == '\r') && c == '\n';
    if (second_half) continue;
    if (c != '\n' && c != '\r') {
      if (line_.size() <= most_bytes) line_ += c;
      continue;
    }
    const auto line = std::exchange(line_, {});
    if (!line.empty()) {
      if (line.size() <= most_bytes) take_line(line);
      continue;
    }
    auto event = std::exchange(event_, {});
    if (!std::exchange(has_data_, false)) continue;
    if (event.name.empty()) event.name = "message";
    if (!take(event)) return false;
  }
  return true;
}

}  // namespace kronborg::cli
