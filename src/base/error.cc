#include "base/error.h"

#include <array>

namespace kronborg::base {
namespace {

constexpr std::array table{
#define KRONBORG_ERROR(name, status, exit_code, text, hint) \
  CodeFacts{#name, status, exit_code, text, hint},
#include "base/error_codes.def"
#undef KRONBORG_ERROR
};

}  // namespace

const CodeFacts& facts(Code code) { return table[static_cast<std::size_t>(code)]; }

std::optional<Code> code_named(std::string_view name) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].name == name) return static_cast<Code>(i);
  }
  return std::nullopt;
}

}  // namespace kronborg::base
