#include "api/faults.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"

namespace kronborg::api {

using base::Code;

void Faults::add(Code code, std::string pointer, std::string_view kind, std::string detail) {
  found_.push_back({code, {std::move(pointer), std::string(kind), std::move(detail)}});
}

base::Result<void> Faults::result() const {
  if (found_.empty()) return {};
  Code code = found_.front().code;
  const auto any = [&](Code wanted) {
    return std::ranges::any_of(found_, [&](const Fault& fault) { return fault.code == wanted; });
  };
  if (any(Code::unknown_member)) {
    code = Code::unknown_member;
  } else if (any(Code::missing_member)) {
    code = Code::missing_member;
  } else if (std::ranges::any_of(found_, [&](const Fault& fault) { return fault.code != code; })) {
    code = Code::invalid_member;
  }
  base::Error error(code);
  for (const bool own : {true, false}) {
    for (const Fault& fault : found_) {
      if ((fault.code == code) == own) error.errors.push_back(fault.error);
    }
  }
  if (code == Code::unknown_member) {
    const auto unknown = std::ranges::find(found_, Code::unknown_member, &Fault::code);
    error.hint = unknown->error.detail;
  }
  return error;
}

std::string unknown_detail(std::string_view what, std::string_view name,
                           std::span<const std::string_view> known, std::string_view prefix) {
  if (const auto near = base::nearest(name, known)) {
    return fmt::format("{} is not defined here. Did you mean {}{}?", what, prefix, *near);
  }
  if (known.empty()) return fmt::format("{} is not defined here: none is.", what);
  return fmt::format("{} is not defined here. Defined: {}.", what, fmt::join(known, ", "));
}

}  // namespace kronborg::api
