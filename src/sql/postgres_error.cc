#include "sql/postgres_error.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <string>

#include "base/text.h"

namespace kronborg::sql {

namespace {

constexpr const char* look_at_server = "Is the server running? See its log, then repeat.";

std::string_view field(const PGresult* result, int which) {
  const char* text = PQresultErrorField(result, which);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

base::Error unavailable(std::string_view why, const char* hint) {
  return {base::Code::store_unavailable,
          fmt::format("The store cannot be used: {}; nothing was changed.", why), hint};
}

}  // namespace

base::Error lost_connection(std::string_view place) {
  return {base::Code::store_unavailable,
          fmt::format("The connection to the store {} was lost; nothing was changed.",
                      base::printable(place)),
          look_at_server};
}

base::Error postgres_error(const pg_conn* connection, const pg_result* result) {
  const auto state = field(result, PG_DIAG_SQLSTATE);
  const auto message = base::printable(field(result, PG_DIAG_MESSAGE_PRIMARY));
  const auto kind = state.substr(0, 2);
  if (kind == "23") return base::Code::conflict;
  if (state == "53100") {
    return {base::Code::store_full,
            "The disk of the PostgreSQL server is full; nothing was changed.",
            "Free disk space on the server, then repeat the request."};
  }
  if (state == "XX001" || state == "XX002") {
    return {base::Code::store_damaged, fmt::format("The store is damaged: {}.", message),
            "Restore a backup of the PostgreSQL server."};
  }
  if (PQstatus(connection) != CONNECTION_OK || state.empty() || kind == "57") {
    return lost_connection(PQhost(connection) == nullptr ? "" : PQhost(connection));
  }
  // Shut out, out of resources, read-only, locked by somebody, serialisation.
  if (kind == "53" || kind == "55" || kind == "40" || state == "25006" || state == "42501") {
    return unavailable(message, look_at_server);
  }
  // The texts of class 22 (data exceptions) repeat the value.
  return {base::Code::internal_error,
          fmt::format("The store refused a statement (SQLSTATE {}){}{}.", state,
                      kind == "22" ? "" : ": ", kind == "22" ? "" : message)};
}

base::Error postgres_connect_error(const pg_conn* connection) {
  if (connection == nullptr) return base::Error(base::Code::internal_error, "Out of memory.");
  const char* host = PQhost(connection);
  std::string message = PQerrorMessage(connection);
  // A URL that cannot be read is repeated in the message, with its password.
  if (host == nullptr || PQdb(connection) == nullptr) {
    return {base::Code::config_invalid, "store.url is not a PostgreSQL URL.",
            "Write postgresql://user@host:5432/database; escape special characters as %XX."};
  }
  const std::string_view password = PQpass(connection) == nullptr ? "" : PQpass(connection);
  if (!password.empty() && message.find(password) != std::string::npos) message = "refused";
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return {base::Code::store_unavailable,
          fmt::format("The store cannot be reached: {}.", base::printable(message)),
          "Is the server running, and may this user connect? See store.url."};
}

}  // namespace kronborg::sql
