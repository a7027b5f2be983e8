#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace kronborg::cli {

/// Colour on a terminal, never with NO_COLOR.
bool colours();
std::string bold(std::string_view text);

/// An error as the command line says it: no capital at the start, no full stop, then `hint:`.
void print_error(const base::Error& error);
std::string spoken(std::string_view sentence);

/// Human text, on standard output; columns as wide as their longest cell.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void print(std::string_view when_empty) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// `name: value` lines, the values under each other.
class Facts {
 public:
  void add(std::string name, std::string value) {
    lines_.emplace_back(std::move(name), std::move(value));
  }
  void print() const;

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

// Reading answers: the member as text, "" when it is not there.
std::string text_of(const base::json::value& object, std::string_view member);
std::string date_of(const base::json::value& object, std::string_view member);  ///< up to the
                                                                                ///< minute
bool flag_of(const base::json::value& object, std::string_view member);
const base::json::array& array_of(const base::json::value& object, std::string_view member);

}  // namespace kronborg::cli
