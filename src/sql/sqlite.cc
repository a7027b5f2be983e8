#include "sql/sqlite.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "sql/group_commit.h"
#include "sql/read_pool.h"
#include "sql/sqlite_connection.h"
#include "sql/sqlite_file.h"

namespace kronborg::sql {

namespace {

constexpr std::size_t most_together = 256;

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(FileLock lock, std::filesystem::path file, bool created, int readers,
                 std::unique_ptr<Connection> writer)
      : file_(std::move(file)),
        created_(created),
        lock_(std::move(lock)),
        readers_([this] { return connect(); }, readers),
        writer_(std::move(writer), most_together) {}

  base::Result<void> read(const Work& work) override { return readers_.read(work); }
  base::Result<void> write(const Work& work) override { return writer_.write(work); }

  base::Result<std::vector<std::string>> check() override {
    TRY(auto connection, SqliteConnection::connect(file_));
    return connection->check();
  }

  base::Result<void> backup(const std::string& file) override;
  [[nodiscard]] StoreFacts facts() const override;

 private:
  [[nodiscard]] base::Result<std::unique_ptr<Connection>> connect() const {
    TRY(std::unique_ptr<Connection> connection, SqliteConnection::connect(file_));
    return connection;
  }

  // Constant after construction; the lock is the last to go.
  const std::filesystem::path file_;
  const bool created_;
  const FileLock lock_;

  // Have their own locks.
  mutable std::atomic<std::int64_t> schema_version_ = 0;
  mutable ReadPool readers_;
  GroupCommit writer_;
};

base::Result<void> SqliteDatabase::backup(const std::string& file) {
  std::error_code failed;
  if (std::filesystem::exists(file, failed)) {
    return base::Error(base::Code::file_error,
                       fmt::format("The file {} exists already.", base::printable(file)),
                       "Give a backup a new name.");
  }
  // Under its name it is whole: made under another one and linked, which refuses an existing file.
  const auto partial = beside(file, ".partial");
  TRY_VOID(create_private_file(partial));
  auto copied = [&]() -> base::Result<void> {
    TRY(auto connection, SqliteConnection::connect(file_));
    TRY_VOID(connection->copy_into(partial));
    TRY_VOID(sync_file(partial));
    if (::link(partial.c_str(), file.c_str()) != 0) {
      return base::Error(base::Code::file_error,
                         fmt::format("Cannot make {}: {}.", base::printable(file),
                                     std::generic_category().message(errno)));
    }
    return {};
  }();
  ::unlink(partial.c_str());
  if (copied) copied = sync_folder_of(file);
  return copied;
}

StoreFacts SqliteDatabase::facts() const {
  // Unreadable: what was read last. Whoever needs to know reads the store itself.
  static_cast<void>(readers_.with([&](Connection& connection) -> base::Result<void> {
    TRY(const auto version, connection.schema_version());
    schema_version_ = version.value_or(0);
    return {};
  }));
  return {.kind = "sqlite",
          .place = file_.string(),
          .schema_version = schema_version_,
          .created = created_};
}

}  // namespace

base::Result<std::unique_ptr<Database>> open_sqlite(const std::filesystem::path& file,
                                                    int readers) {
  TRY(auto lock, FileLock::take(file));
  TRY_VOID(ensure_store(file));
  TRY(auto writer, SqliteConnection::connect(file));
  TRY_VOID(writer->require_ours());
  TRY_VOID(writer->use_write_ahead_log());
  TRY(const auto version, writer->schema_version());
  return std::make_unique<SqliteDatabase>(std::move(lock), file, !version.has_value(), readers,
                                          std::move(writer));
}

}  // namespace kronborg::sql
