#include "sql/migrations.h"

#include <fmt/format.h>

namespace kronborg::sql {

namespace {

/// The version the store has. Its own table says so, in one row.
base::Result<std::int64_t> prepare(Transaction& transaction, std::int64_t newest) {
  TRY_VOID(
      transaction("CREATE TABLE IF NOT EXISTS schema_version "
                  "(one BIGINT PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL)"));
  TRY_VOID(transaction(
      "INSERT INTO schema_version (one, version) VALUES (1, 0) ON CONFLICT (one) DO NOTHING"));
  TRY(const auto answer, transaction("SELECT version FROM schema_version WHERE one = 1"));
  const auto stored = answer.rows.at(0).integer(0);
  if (stored > newest) {
    return base::Error(
        base::Code::store_newer,
        fmt::format("The store has schema version {}; this program knows {}.", stored, newest));
  }
  return stored;
}

base::Result<void> step(Transaction& transaction, const Migration& migration) {
  for (const Text& statement : migration.statements) TRY_VOID(transaction.run(statement, {}));
  TRY_VOID(transaction("UPDATE schema_version SET version = $1 WHERE one = 1", migration.version));
  return {};
}

}  // namespace

base::Result<void> migrate(Database& database, std::span<const Migration> migrations) {
  std::int64_t newest = 0;
  for (const auto& migration : migrations) {
    if (migration.version != ++newest) {
      return base::Error(base::Code::internal_error, "The schema's versions have a gap.");
    }
  }
  std::int64_t stored = 0;
  TRY_VOID(database.write([&](Transaction& transaction) -> base::Result<void> {
    TRY(stored, prepare(transaction, newest));
    return {};
  }));
  for (const auto& migration : migrations.subspan(static_cast<std::size_t>(stored))) {
    TRY_VOID(
        database.write([&](Transaction& transaction) { return step(transaction, migration); }));
  }
  return {};
}

}  // namespace kronborg::sql
