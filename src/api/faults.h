#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"

namespace kronborg::api {

/// What is wrong with the input of one request. Every fault is collected, so that one answer names
/// all of them.
class Faults {
 public:
  void add(base::Code code, std::string pointer, std::string_view kind, std::string detail);
  [[nodiscard]] bool empty() const { return found_.empty(); }
  /// Unknown names are said first (a misspelt name explains a missing one), then missing ones, then
  /// the rest; a code that all wrong values share is the code of the answer.
  [[nodiscard]] base::Result<void> result() const;

 private:
  struct Fault {
    base::Code code;
    base::MemberError error;
  };
  std::vector<Fault> found_;
};

/// The text of an unknown name, with the nearest known one when there is one.
std::string unknown_detail(std::string_view what, std::string_view name,
                           std::span<const std::string_view> known, std::string_view prefix);

}  // namespace kronborg::api
