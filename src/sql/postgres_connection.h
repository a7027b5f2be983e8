#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/connection.h"

struct pg_conn;
struct pg_result;

namespace kronborg::sql {

/// One connection to a PostgreSQL server, made anew at begin() when it was lost. One thread at a
/// time.
class PostgresConnection final : public Connection {
 public:
  /// The owner holds a session lock on the schema, as long as the connection lives: whoever has it
  /// is the only writer, and a commit that was under way when a connection broke is settled before
  /// the next one gets it.
  enum class Role : std::uint8_t { owner, reader };

  /// Errors: store_unavailable, store_in_use (owner), config_invalid (a URL that is none).
  static base::Result<std::unique_ptr<PostgresConnection>> connect(const std::string& url,
                                                                   Role role);

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

  /// Host, port and database.
  [[nodiscard]] std::string place() const;
  /// Reads every row of every table of the schema, and asks for invalid indexes and constraints.
  base::Result<std::vector<std::string>> check();

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  struct Clear {
    void operator()(pg_result* result) const;
  };
  using ResultHandle = std::unique_ptr<pg_result, Clear>;

  PostgresConnection(std::string url, Role role) : url_(std::move(url)), role_(role) {}
  base::Result<void> reconnect();
  base::Result<void> set_up();
  base::Result<void> own();
  base::Result<ResultHandle> execute(const std::string& statements);
  base::Result<std::string> prepared(std::string_view sql, const std::vector<Value>& parameters);
  base::Result<void> prepare(const std::string& name, const std::string& text,
                             const std::vector<unsigned>& types);
  base::Result<void> prepare_with_null(const std::string& name, const std::string& text,
                                       const std::vector<unsigned>& types);
  base::Result<Answer> answer(const pg_result* result) const;
  base::Result<std::vector<std::string>> texts(const std::string& query);

  const std::string url_;
  const Role role_;
  std::unique_ptr<pg_conn, Finish> connection_;
  std::map<std::string, std::string, std::less<>> statements_;  ///< text and types to server's name
  std::string pending_;  ///< a RELEASE that travels with the next statement
};

}  // namespace kronborg::sql
