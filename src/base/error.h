#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kronborg::base {

/// Every error of the product, one per line of error_codes.def.
enum class Code : std::uint8_t {
#define KRONBORG_ERROR(name, status, exit_code, text, hint) name,
#include "base/error_codes.def"
#undef KRONBORG_ERROR
};

/// What the table says about a code.
struct CodeFacts {
  std::string_view name;  ///< wire code, `^[a-z][a-z0-9_]{2,63}$`
  int http_status;
  int exit_code;  ///< 1 local, 2 server or store, 3 denied (cli.md)
  std::string_view text;
  std::string_view hint;
};

const CodeFacts& facts(Code code);

/// The code with this wire name, if there is one (the command line reads answers with it).
std::optional<Code> code_named(std::string_view name);

/// One wrong member or parameter (http.md section 6): `pointer` is RFC 6901, `?name` or
/// `header:Name`.
struct MemberError {
  std::string pointer;
  std::string code;  ///< wrong_type, too_short, too_long, out_of_range, bad_pattern, not_allowed,
                     ///< required
  std::string detail;
};

/// JSON that was made here (base::to_text), to stand as it is.
struct JsonText {
  std::string text;
};

/// A member named with a code, for example `limitBytes`.
struct Detail {
  std::string name;
  std::variant<std::int64_t, std::string, std::vector<std::string>, JsonText> value;
};

/// A failure to do what was asked. Never holds a secret, nor text that another party supplied
/// without escaping.
struct Error {
  Code code = Code::internal_error;
  std::string message;  ///< empty: the text of the table
  std::string hint;     ///< empty: the hint of the table
  std::vector<MemberError> errors;
  std::vector<Detail> details;
  /// Another HTTP status than that of the table, for a code that two surfaces share; 0: the
  /// table's.
  int other_status = 0;

  Error(Code c)
      : code(c) {}  // NOLINT(google-explicit-constructor): `return Code::not_found;` reads well
  Error(Code c, std::string text, std::string next = {})
      : code(c), message(std::move(text)), hint(std::move(next)) {}

  [[nodiscard]] std::string_view text() const {
    return message.empty() ? facts(code).text : message;
  }
  [[nodiscard]] std::string_view next_step() const {
    return hint.empty() ? facts(code).hint : hint;
  }
  [[nodiscard]] int status() const {
    return other_status != 0 ? other_status : facts(code).http_status;
  }
  [[nodiscard]] Error with_status(int status) && {
    other_status = status;
    return std::move(*this);
  }
  [[nodiscard]] Error with(Detail detail) && {
    details.push_back(std::move(detail));
    return std::move(*this);
  }
};

}  // namespace kronborg::base
