#include "sql/postgres_types.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <charconv>
#include <string_view>

namespace kronborg::sql {

namespace {

// Types of the server's catalogue (pg_type.dat); libpq has no header for them.
constexpr Oid bool_type = 16;
constexpr Oid int2_type = 21;
constexpr Oid int4_type = 23;
constexpr Oid varchar_type = 1043;
constexpr Oid numeric_type = 1700;  // sum() of BIGINT

}  // namespace

unsigned postgres_type(const Value& value) {
  if (value.is_null()) return 0;  // the server infers it
  return std::holds_alternative<std::int64_t>(value.get()) ? postgres_int8 : postgres_text;
}

base::Result<Value> postgres_value(const pg_result* result, int row, int number) {
  if (PQgetisnull(result, row, number) != 0) return Value();
  const std::string_view text(PQgetvalue(result, row, number),
                              static_cast<std::size_t>(PQgetlength(result, row, number)));
  switch (PQftype(result, number)) {
    case bool_type:
      return Value(text == "t");
    case int2_type:
    case int4_type:
    case postgres_int8:
    case numeric_type: {
      std::int64_t value = 0;
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
      if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) return Value(value);
      break;
    }
    case postgres_text:
    case varchar_type:
      return Value(text);
    default:
      break;
  }
  return base::Error(base::Code::internal_error,
                     fmt::format("Column {} is neither BIGINT nor TEXT.", number));
}

}  // namespace kronborg::sql
