#include "sql/postgres.h"

#include <atomic>
#include <utility>

#include "sql/group_commit.h"
#include "sql/postgres_connection.h"
#include "sql/read_pool.h"

namespace kronborg::sql {

namespace {

// PostgreSQL keeps 64 subtransactions of a transaction in shared memory; beyond that every reader's
// snapshot costs a look into a table on disk (PGPROC_MAX_CACHED_SUBXIDS).
constexpr std::size_t most_together = 64;

using Role = PostgresConnection::Role;

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(std::string url, std::string place, bool created, int readers,
                   std::unique_ptr<Connection> writer)
      : url_(std::move(url)),
        place_(std::move(place)),
        created_(created),
        readers_([this] { return connect(); }, readers),
        writer_(std::move(writer), most_together) {}

  base::Result<void> read(const Work& work) override { return readers_.read(work); }
  base::Result<void> write(const Work& work) override { return writer_.write(work); }

  base::Result<std::vector<std::string>> check() override {
    TRY(auto connection, PostgresConnection::connect(url_, Role::reader));
    return connection->check();
  }

  base::Result<void> backup(const std::string& /*file*/) override {
    return base::Error(base::Code::usage, "A PostgreSQL store is not copied by kronborg.",
                       "Use pg_dump, or the backup of the server.");
  }

  [[nodiscard]] StoreFacts facts() const override {
    // Unreachable: what was read last. Whoever needs to know reads the store itself.
    static_cast<void>(readers_.with([&](Connection& connection) -> base::Result<void> {
      TRY_VOID(connection.begin(Access::read));
      const auto version = connection.schema_version();
      connection.rollback();
      if (version) schema_version_ = version->value_or(0);
      return {};
    }));
    return {.kind = "postgresql",
            .place = place_,
            .schema_version = schema_version_,
            .created = created_};
  }

 private:
  [[nodiscard]] base::Result<std::unique_ptr<Connection>> connect() const {
    TRY(std::unique_ptr<Connection> connection, PostgresConnection::connect(url_, Role::reader));
    return connection;
  }

  // Constant after construction.
  const std::string url_;  // may hold a password
  const std::string place_;
  const bool created_;

  // Have their own locks.
  mutable std::atomic<std::int64_t> schema_version_ = 0;
  mutable ReadPool readers_;
  GroupCommit writer_;
};

}  // namespace

base::Result<std::unique_ptr<Database>> open_postgres(const std::string& url, int readers) {
  TRY(auto writer, PostgresConnection::connect(url, Role::owner));
  TRY(const auto version, writer->schema_version());
  auto place = writer->place();
  return std::make_unique<PostgresDatabase>(url, std::move(place), !version.has_value(), readers,
                                            std::move(writer));
}

}  // namespace kronborg::sql
