#include "cli/space_text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "cli/output.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;

constexpr std::size_t no_end = ~std::size_t{0};
constexpr std::size_t least_prefix = 4;
constexpr std::size_t shown_digits = 6;
constexpr std::int64_t most_seconds = std::int64_t{1} << 40U;

template <class Keep>
std::string shown(std::string_view text, const Keep& keep) {
  std::string out;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const std::string_view kept = i < text.size() ? keep(text[i]) : std::string_view();
    if (kept.empty() && i < text.size()) continue;
    out += base::printable(text.substr(from, i - from), no_end);
    out += kept;
    from = i + 1;
  }
  return out;
}

const json::value* member_of(const json::value& object, std::string_view member) {
  return object.is_object() ? object.get_object().if_contains(member) : nullptr;
}

}  // namespace

std::string one_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return shown(text, [](char c) {
    return std::string_view(c == '\n' ? " ⏎ " : c == '\t' ? " " : "");
  });
}

std::string many_lines(std::string_view text) {
  return shown(text, [](char c) {
    return std::string_view(c == '\n' ? "\n" : c == '\t' ? "\t" : "");
  });
}

std::string_view raw_of(const json::value& object, std::string_view member) {
  const auto* found = member_of(object, member);
  return found != nullptr && found->is_string() ? std::string_view(found->get_string())
                                                : std::string_view();
}

const json::value& inner(const json::value& object, std::string_view member) {
  static const json::value nothing;
  const auto* found = member_of(object, member);
  return found != nullptr && found->is_object() ? *found : nothing;
}

std::int64_t number_of(const json::value& object, std::string_view member) {
  const auto* found = member_of(object, member);
  if (found == nullptr) return 0;
  boost::system::error_code error;
  const auto number = found->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

std::string clock_of(const json::value& object, std::string_view member) {
  const auto text = text_of(object, member);
  return text.size() < 19 ? text : text.substr(11, 8);
}

std::string person(std::string_view name, std::string_view participant_id) {
  if (participant_id.empty()) return base::printable(name, 80);
  return fmt::format("{} [{}]", base::printable(name, 80),
                     base::printable(participant_id.substr(0, shown_digits), shown_digits));
}

std::string_view mark(bool verified) { return verified ? "✓" : " "; }

base::Result<std::int64_t> seconds_of(std::string_view text, std::string_view option) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t factor = unit == "s"   ? 1
                              : unit == "m" ? 60
                              : unit == "h" ? 3600
                              : unit == "d" ? 86'400
                                            : 0;
  if (failure == std::errc{} && factor != 0 && number >= 0 && number <= most_seconds / factor)
    return number * factor;
  return Error(Code::usage,
               fmt::format("{} '{}' is not a length of time", option, base::printable(text, 40)),
               "write a number and s, m, h or d: 90s, 10m, 12h, 7d");
}

base::Result<void> put_seconds(json::object& body, std::string_view member,
                               const std::optional<std::string>& text, std::string_view option) {
  if (!text) return {};
  TRY(const auto seconds, seconds_of(*text, option));
  body[member] = seconds;
  return {};
}

void put_text(json::object& body, std::string_view member, const std::optional<std::string>& text) {
  if (text) body[member] = *text;
}

void put_switch(json::object& body, std::string_view member,
                const std::optional<std::string>& on_or_off) {
  if (on_or_off) body[member] = *on_or_off == "on";
}

base::Result<std::string> read_input(const std::filesystem::path& file, std::size_t most) {
  if (file != "-") return base::read_file(file, most);
  std::string text;
  std::array<char, 16'384> part{};
  for (;;) {
    const auto got = ::read(STDIN_FILENO, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error(Code::file_error, "standard input cannot be read");
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > most) {
      return Error(Code::usage, fmt::format("standard input is longer than {} bytes", most),
                   "send less at once");
    }
  }
}

base::Result<json::value> chosen(const json::array& items, std::string_view id,
                                 std::string_view name, std::string_view wanted,
                                 std::string_view what) {
  std::vector<const json::value*> fitting;
  const auto start = base::lower(wanted);
  for (const auto& item : items) {
    if (raw_of(item, id) == start) return item;
    const bool by_id = start.size() >= least_prefix && raw_of(item, id).starts_with(start);
    if (by_id || (!name.empty() && raw_of(item, name) == wanted)) fitting.push_back(&item);
  }
  if (fitting.size() == 1) return *fitting.front();
  const auto shown = base::printable(wanted, 120);
  if (fitting.empty()) {
    return Error(Code::usage, fmt::format("there is no {} '{}'", what, shown),
                 "list what there is; an id may be cut to its first 4 or more digits");
  }
  return Error(Code::usage, fmt::format("{} of {} fit '{}'", fitting.size(), what, shown),
               "use the id");
}

void print_warnings(const json::value& answer) {
  for (const auto& warning : array_of(answer, "warnings"))
    fmt::print(stderr, "note: {}\n", one_line(raw_of(warning, "message")));
}

}  // namespace kronborg::cli
