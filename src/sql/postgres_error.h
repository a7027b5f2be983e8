#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

struct pg_conn;
struct pg_result;

namespace kronborg::sql {

/// The error of a failed statement, by its SQLSTATE (PostgreSQL's manual, appendix A). Texts of the
/// server appear only as far as they cannot hold a value of a row. `result` may be null.
base::Error postgres_error(const pg_conn* connection, const pg_result* result);

/// The error of a connection that could not be made; never the URL, which may hold a password.
base::Error postgres_connect_error(const pg_conn* connection);

base::Error lost_connection(std::string_view detail);

}  // namespace kronborg::sql
