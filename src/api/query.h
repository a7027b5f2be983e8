#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/faults.h"
#include "api/warnings.h"
#include "base/result.h"

namespace kronborg::api {

/// Typed reading of the query, with pointers `?name` (docs/protocol/http.md section 6). A parameter
/// that is not read before finish() is unknown and refused.
class Query {
 public:
  /// Errors: invalid_parameter (not percent-encoded UTF-8).
  static base::Result<Query> read(std::string_view text);

  std::optional<std::string> text(std::string_view name, std::size_t most);
  std::optional<bool> flag(std::string_view name);
  std::optional<std::string> uuid(std::string_view name);
  /// RFC 3339, as Unix milliseconds.
  std::optional<std::int64_t> time(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  /// Errors: unknown_member, invalid_parameter (also for a repeated one), with `errors`.
  base::Result<void> finish();
  /// The same, but a parameter that nobody read is a warning.
  base::Result<void> finish(std::vector<Warning>& warnings);
  /// For rules between parameters.
  void fault(std::string_view name, std::string_view kind, std::string detail);

 private:
  struct Parameter {
    std::string name, value;
  };
  Query() = default;
  const std::string* find(std::string_view name);

  std::vector<Parameter> parameters_;
  std::vector<std::string_view> known_;
  Faults faults_;
};

}  // namespace kronborg::api
