#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/text.h"
#include "sql/postgres_connection.h"

namespace kronborg::sql {

base::Result<std::vector<std::string>> PostgresConnection::texts(const std::string& query) {
  TRY(const auto result, execute(query));
  std::vector<std::string> found;
  for (int i = 0; i < PQntuples(result.get()); ++i) {
    found.emplace_back(PQgetvalue(result.get(), i, 0));
  }
  return found;
}

base::Result<std::vector<std::string>> PostgresConnection::check() {
  if (!usable()) TRY_VOID(reconnect());
  TRY(auto findings,
      texts("SELECT 'The server runs with ' || name || ' off: a commit may be lost.' "
            "FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' "
            "UNION ALL SELECT 'The index ' || indexrelid::regclass || ' is not valid.' "
            "FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace "
            "UNION ALL SELECT 'The constraint ' || conname || ' is not valid.' "
            "FROM pg_constraint "
            "WHERE NOT convalidated AND connamespace = current_schema()::regnamespace"));
  TRY(const auto tables, texts("SELECT quote_ident(tablename) FROM pg_tables "
                               "WHERE schemaname = current_schema() ORDER BY tablename"));
  for (const auto& table : tables) {
    // The text of a row takes in every column, also those stored apart.
    const auto whole = execute("SELECT sum(length(each::text)) FROM " + table + " AS each");
    if (whole) continue;
    if (whole.error().code != base::Code::store_damaged) return whole.error();
    findings.push_back(fmt::format("The table {} cannot be read: {}", base::printable(table),
                                   whole.error().text()));
  }
  return findings;
}

}  // namespace kronborg::sql
