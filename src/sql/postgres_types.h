#pragma once

#include "base/result.h"
#include "sql/database.h"

struct pg_result;

namespace kronborg::sql {

// Object ids of the types that parameters are sent as (pg_type.dat).
inline constexpr unsigned postgres_int8 = 20;
inline constexpr unsigned postgres_text = 25;

/// The type that a parameter is sent as; 0, to be inferred by the server, for NULL.
unsigned postgres_type(const Value& value);

/// A field of an answer in text format. Error: internal_error, a type that is no BIGINT and no TEXT
/// (small integers, booleans and whole sums count as BIGINT).
base::Result<Value> postgres_value(const pg_result* result, int row, int number);

}  // namespace kronborg::sql
