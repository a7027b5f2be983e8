#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/connection.h"

struct sqlite3;
struct sqlite3_stmt;

namespace kronborg::sql {

/// `kron`: PRAGMA application_id of every store, so that another program's file is not taken for
/// one.
inline constexpr std::int64_t sqlite_application_id = 0x6b726f6e;

/// One connection to an existing SQLite file. A commit is durable (write-ahead log, synchronous
/// FULL). One thread at a time.
class SqliteConnection final : public Connection {
 public:
  /// Opens and sets the connection up; touches nothing in the file. Errors: store_unavailable,
  /// store_damaged.
  static base::Result<std::unique_ptr<SqliteConnection>> connect(const std::filesystem::path& file);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  base::Result<void> begin(Access access) override;
  base::Result<void> commit() override;
  void rollback() override;
  base::Result<void> savepoint() override;
  base::Result<void> keep_savepoint() override;
  base::Result<void> undo_savepoint() override;
  [[nodiscard]] bool in_transaction() const override;
  [[nodiscard]] bool usable() const override;
  base::Result<Answer> run(std::string_view sql, const std::vector<Value>& parameters) override;
  base::Result<std::optional<std::int64_t>> schema_version() override;
  void tidy() override;

  /// Sets the application id of an empty file.
  base::Result<void> mark_as_ours();
  /// Refuses another program's file, and reads the schema. Error: store_damaged.
  base::Result<void> require_ours();
  /// Turns the write-ahead log on. Error: store_unavailable.
  base::Result<void> use_write_ahead_log();
  /// Folds the whole log into the file.
  base::Result<void> fold_log();
  /// PRAGMA integrity_check and foreign_key_check; what they find.
  base::Result<std::vector<std::string>> check();
  /// VACUUM INTO: a consistent copy into an existing empty file.
  base::Result<void> copy_into(const std::filesystem::path& file);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  struct Statement {
    std::unique_ptr<sqlite3_stmt, Finalize> handle;
    std::vector<int> numbers;  ///< SQLite's number of $1, $2, …: it counts by first appearance
  };

  explicit SqliteConnection(std::filesystem::path file) : file_(std::move(file)) {}
  base::Result<void> set_up();
  base::Result<void> execute(std::string_view sql);
  base::Result<Statement*> prepared(std::string_view sql);
  base::Result<void> bind(const Statement& statement, const std::vector<Value>& parameters);
  base::Result<Answer> step(sqlite3_stmt* statement);
  base::Result<Row> row(sqlite3_stmt* statement) const;
  [[nodiscard]] base::Error failure() const;

  const std::filesystem::path file_;
  sqlite3* database_ = nullptr;
  std::map<std::string_view, Statement> statements_;  // the keys are literals
  int log_pages_ = 0;
  std::optional<base::Error> broken_;
};

}  // namespace kronborg::sql
