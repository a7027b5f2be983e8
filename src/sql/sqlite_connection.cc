#include "sql/sqlite_connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

#include "base/text.h"
#include "sql/sqlite_error.h"

namespace kronborg::sql {

namespace {

constexpr int busy_timeout_ms = 5000;
constexpr int fold_timeout_ms = 250;
// In pages of 4 KiB: from the first on, the log is folded into the file as far as readers allow;
// from the second on, the writer waits for them, so that the log cannot grow without bound.
constexpr int log_pages_to_fold = 1000;
constexpr int log_pages_crowded = 16384;

int count_log_pages(void* count, sqlite3* /*database*/, const char* /*name*/, int pages) {
  *static_cast<int*>(count) = pages;
  return SQLITE_OK;
}

}  // namespace

void SqliteConnection::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

base::Result<std::unique_ptr<SqliteConnection>> SqliteConnection::connect(
    const std::filesystem::path& file) {
  std::unique_ptr<SqliteConnection> made(new SqliteConnection(file));
  TRY_VOID(made->set_up());
  return made;
}

SqliteConnection::~SqliteConnection() {
  statements_.clear();
  sqlite3_close_v2(database_);
}

base::Result<void> SqliteConnection::set_up() {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(file_.c_str(), &database_, flags, nullptr) != SQLITE_OK) return failure();
  sqlite3_busy_timeout(database_, busy_timeout_ms);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // "x" is a name and never a text, as in PostgreSQL.
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_wal_hook(database_, count_log_pages, &log_pages_);
  for (const auto* pragma : {"PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON",
                             "PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL",
                             "PRAGMA case_sensitive_like = ON", "PRAGMA secure_delete = FAST"}) {
    TRY_VOID(execute(pragma));
  }
  return {};
}

base::Result<void> SqliteConnection::begin(Access access) {
  if (broken_) return *broken_;
  return execute(access == Access::write ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED");
}

base::Result<void> SqliteConnection::commit() {
  auto committed = execute("COMMIT");
  if (committed) return committed;
  const int code = sqlite3_extended_errcode(database_);
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
    // After a failed fsync the kernel may have dropped the pages and a second one would say "done".
    // Only a new start, which reads the log from the disk, knows what is there.
    broken_.emplace(base::Code::store_unavailable,
                    fmt::format("The disk did not confirm a write to the store {}; whether the "
                                "last change was made is unknown.",
                                base::printable(file_.string())),
                    "Look at the disk (dmesg), then restart kronborg.");
    committed = *broken_;
  }
  rollback();
  return committed;
}

void SqliteConnection::rollback() {
  if (!in_transaction()) return;
  if (auto undone = execute("ROLLBACK"); !undone) broken_ = undone.error();
}

base::Result<void> SqliteConnection::savepoint() { return execute("SAVEPOINT work"); }

base::Result<void> SqliteConnection::keep_savepoint() { return execute("RELEASE work"); }

base::Result<void> SqliteConnection::undo_savepoint() {
  TRY_VOID(execute("ROLLBACK TO work"));
  return execute("RELEASE work");
}

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

bool SqliteConnection::usable() const { return !broken_; }

base::Result<void> SqliteConnection::execute(std::string_view sql) {
  TRY_VOID(run(sql, {}));
  return {};
}

base::Result<Answer> SqliteConnection::run(std::string_view sql,
                                           const std::vector<Value>& parameters) {
  TRY(const Statement* statement, prepared(sql));
  sqlite3_stmt* handle = statement->handle.get();
  auto answer = [&]() -> base::Result<Answer> {
    TRY_VOID(bind(*statement, parameters));
    return step(handle);
  }();
  sqlite3_reset(handle);
  sqlite3_clear_bindings(handle);
  return answer;
}

base::Result<SqliteConnection::Statement*> SqliteConnection::prepared(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) return &known->second;
  Statement made;
  sqlite3_stmt* handle = nullptr;
  const char* rest = nullptr;
  const int prepared = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &handle, &rest);
  if (prepared != SQLITE_OK) return failure();
  made.handle.reset(handle);
  if (handle == nullptr || rest != sql.data() + sql.size()) {
    return base::Error(base::Code::internal_error, "A text of SQL is not one statement.");
  }
  for (int n = 1; n <= sqlite3_bind_parameter_count(handle); ++n) {
    made.numbers.push_back(sqlite3_bind_parameter_index(handle, fmt::format("${}", n).c_str()));
  }
  return &statements_.emplace(sql, std::move(made)).first->second;
}

base::Result<void> SqliteConnection::bind(const Statement& statement,
                                          const std::vector<Value>& parameters) {
  sqlite3_stmt* handle = statement.handle.get();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& value = parameters[i].get();
    int bound = SQLITE_OK;  // what is not bound is NULL
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      bound = sqlite3_bind_int64(handle, statement.numbers.at(i), *number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      bound = sqlite3_bind_text64(handle, statement.numbers.at(i), text->data(), text->size(),
                                  SQLITE_STATIC, SQLITE_UTF8);
    }
    if (bound != SQLITE_OK) return failure();
  }
  return {};
}

base::Result<Answer> SqliteConnection::step(sqlite3_stmt* statement) {
  const auto before = sqlite3_total_changes64(database_);
  Answer answer;
  int state = sqlite3_step(statement);
  for (; state == SQLITE_ROW; state = sqlite3_step(statement)) {
    TRY(auto next, row(statement));
    answer.rows.push_back(std::move(next));
  }
  if (state != SQLITE_DONE) return failure();
  if (sqlite3_total_changes64(database_) != before) answer.changed = sqlite3_changes64(database_);
  return answer;
}

base::Result<Row> SqliteConnection::row(sqlite3_stmt* statement) const {
  std::vector<Value> columns;
  const int count = sqlite3_column_count(statement);
  columns.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    switch (sqlite3_column_type(statement, i)) {
      case SQLITE_NULL:
        columns.emplace_back();
        break;
      case SQLITE_INTEGER:
        columns.emplace_back(std::int64_t{sqlite3_column_int64(statement, i)});
        break;
      case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
        columns.emplace_back(std::string(text, size));
        break;
      }
      default:
        return base::Error(base::Code::internal_error,
                           fmt::format("Column {} is neither BIGINT nor TEXT.", i));
    }
  }
  return Row(std::move(columns));
}

base::Error SqliteConnection::failure() const {
  return sqlite_error(sqlite3_extended_errcode(database_), sqlite3_system_errno(database_),
                      sqlite3_errmsg(database_), file_);
}

base::Result<std::optional<std::int64_t>> SqliteConnection::schema_version() {
  TRY(const auto table,
      run("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'", {}));
  if (table.rows.empty()) return std::optional<std::int64_t>();
  TRY(const auto answer, run("SELECT max(version) FROM schema_version", {}));
  return answer.rows.at(0).maybe_integer(0);
}

void SqliteConnection::tidy() {
  if (log_pages_ < log_pages_to_fold) return;
  const bool crowded = log_pages_ >= log_pages_crowded;
  sqlite3_busy_timeout(database_, fold_timeout_ms);
  // A failure costs nothing but room: what is committed is durable in the log, and the next batch
  // comes by here again.
  sqlite3_wal_checkpoint_v2(database_, nullptr,
                            crowded ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE,
                            nullptr, nullptr);
  sqlite3_busy_timeout(database_, busy_timeout_ms);
}

base::Result<void> SqliteConnection::mark_as_ours() {
  static_assert(sqlite_application_id == 1802661742);
  return execute("PRAGMA application_id = 1802661742");
}

base::Result<void> SqliteConnection::require_ours() {
  TRY(const auto id, run("PRAGMA application_id", {}));
  if (id.rows.at(0).integer(0) != sqlite_application_id) {
    return base::Error(
        base::Code::store_damaged,
        fmt::format("The file {} is not a store of kronborg.", base::printable(file_.string())),
        "Restore a backup: kronborg store restore FILE");
  }
  TRY_VOID(run("SELECT count(*) FROM sqlite_schema", {}));
  return {};
}

base::Result<void> SqliteConnection::use_write_ahead_log() {
  TRY(const auto mode, run("PRAGMA journal_mode = WAL", {}));
  if (mode.rows.at(0).text(0) != "wal") {
    return base::Error(base::Code::store_unavailable,
                       fmt::format("The file system of {} cannot hold a write-ahead log.",
                                   base::printable(file_.string())),
                       "Keep the data folder on a local disk.");
  }
  TRY_VOID(execute("PRAGMA journal_size_limit = 67108864"));
  return {};
}

base::Result<void> SqliteConnection::fold_log() {
  TRY(const auto answer, run("PRAGMA wal_checkpoint(TRUNCATE)", {}));
  if (answer.rows.at(0).integer(0) != 0) return base::Code::store_in_use;
  return {};
}

base::Result<std::vector<std::string>> SqliteConnection::check() {
  std::vector<std::string> findings;
  auto integrity = run("PRAGMA integrity_check", {});
  if (!integrity) {
    if (integrity.error().code != base::Code::store_damaged) return integrity.error();
    findings.push_back(integrity.error().message);
    return findings;
  }
  for (const auto& row : integrity->rows) {
    if (row.text(0) != "ok") findings.push_back(base::printable(row.text(0)));
  }
  TRY(const auto orphans, run("PRAGMA foreign_key_check", {}));
  for (const auto& row : orphans.rows) {
    findings.push_back(fmt::format("A row of {} names one of {} that does not exist.",
                                   base::printable(row.text(0)), base::printable(row.text(2))));
  }
  return findings;
}

base::Result<void> SqliteConnection::copy_into(const std::filesystem::path& file) {
  TRY_VOID(run("VACUUM INTO $1", {Value(file.string())}));
  return {};
}

}  // namespace kronborg::sql
