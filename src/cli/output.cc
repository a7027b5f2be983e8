#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"

namespace kronborg::cli {

bool colours() {
  const char* refused = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): one thread here
  return (refused == nullptr || *refused == '\0') && isatty(STDOUT_FILENO) != 0;
}

std::string bold(std::string_view text) {
  return colours() ? fmt::format("\x1b[1m{}\x1b[0m", text) : std::string(text);
}

std::string spoken(std::string_view sentence) {
  std::string text(sentence);
  while (text.ends_with('.')) text.pop_back();
  const bool capital = !text.empty() && text[0] >= 'A' && text[0] <= 'Z';
  const bool acronym = text.size() > 1 && text[1] >= 'A' && text[1] <= 'Z';
  if (capital && !acronym) text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

void print_error(const base::Error& error) {
  fmt::print(stderr, "kronborg: {}\n", base::printable(spoken(error.text()), 2000));
  for (const auto& member : error.errors) {
    fmt::print(stderr, "  {}: {}\n", base::printable(member.pointer),
               base::printable(member.detail.empty() ? member.code : member.detail, 500));
  }
  if (!error.next_step().empty())
    fmt::print(stderr, "hint: {}\n", base::printable(spoken(error.next_step()), 2000));
}

void Table::print(std::string_view when_empty) const {
  if (rows_.size() == 1) {
    fmt::print(stderr, "{}\n", when_empty);
    return;
  }
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], base::scalar_count(row[i]));
  }
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows_[r].size(); ++i) {
      const auto& cell = rows_[r][i];
      line += cell;
      if (i + 1 < rows_[r].size())
        line += std::string(widths[i] - base::scalar_count(cell) + 2, ' ');
    }
    fmt::print("{}\n", r == 0 ? bold(line) : line);
  }
}

void Facts::print() const {
  std::size_t width = 0;
  for (const auto& [name, value] : lines_) width = std::max(width, name.size());
  for (const auto& [name, value] : lines_) {
    fmt::print("{}{}{}\n", bold(name), std::string(width - name.size() + 2, ' '), value);
  }
}

std::string text_of(const base::json::value& object, std::string_view member) {
  const auto* found = object.is_object() ? object.get_object().if_contains(member) : nullptr;
  if (found == nullptr || found->is_null()) return {};
  if (const auto* text = found->if_string()) return base::printable(std::string_view(*text), 4000);
  return base::to_text(*found);
}

std::string date_of(const base::json::value& object, std::string_view member) {
  auto text = text_of(object, member);
  if (text.size() < 16) return text;
  text[10] = ' ';
  return text.substr(0, 16);
}

bool flag_of(const base::json::value& object, std::string_view member) {
  const auto* found = object.is_object() ? object.get_object().if_contains(member) : nullptr;
  return found != nullptr && found->is_bool() && found->get_bool();
}

const base::json::array& array_of(const base::json::value& object, std::string_view member) {
  static const base::json::array empty;
  const auto* found = object.is_object() ? object.get_object().if_contains(member) : nullptr;
  return found != nullptr && found->is_array() ? found->get_array() : empty;
}

}  // namespace kronborg::cli
