#include "sql/postgres_connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "sql/postgres_error.h"
#include "sql/postgres_types.h"

namespace kronborg::sql {

namespace {

constexpr std::string_view lock_not_available = "55P03";

// One lock per schema, so that one database can hold several stores. It waits a moment: the server
// needs one to notice that the owner before has died.
constexpr const char* session_lock =
    "SET lock_timeout = '2s'; "
    "SELECT pg_advisory_lock(1802661742, hashtext(current_schema())); "
    "SET lock_timeout = 0";
constexpr const char* begin_write =
    "BEGIN ISOLATION LEVEL READ COMMITTED; "
    "SELECT pg_advisory_xact_lock(1802661743, hashtext(current_schema()))";
// One snapshot for the whole read.
constexpr const char* begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ";

}  // namespace

void PostgresConnection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

void PostgresConnection::Clear::operator()(pg_result* result) const { PQclear(result); }

base::Result<std::unique_ptr<PostgresConnection>> PostgresConnection::connect(
    const std::string& url, Role role) {
  std::unique_ptr<PostgresConnection> made(new PostgresConnection(url, role));
  TRY_VOID(made->reconnect());
  return made;
}

base::Result<void> PostgresConnection::reconnect() {
  // What stands before dbname is a default that the URL may overrule; what stands behind it is not.
  const std::array<const char*, 7> keywords = {"application_name",
                                               "connect_timeout",
                                               "tcp_user_timeout",
                                               "target_session_attrs",
                                               "dbname",
                                               "client_encoding",
                                               nullptr};
  const std::array<const char*, 7> values = {"kronborg",   "10",   "10000", "read-write",
                                             url_.c_str(), "UTF8", nullptr};
  connection_.reset(PQconnectdbParams(keywords.data(), values.data(), 1));
  statements_.clear();
  pending_.clear();
  auto ready = [&]() -> base::Result<void> {
    if (!connection_ || PQstatus(connection_.get()) != CONNECTION_OK) {
      return postgres_connect_error(connection_.get());
    }
    TRY_VOID(set_up());
    if (role_ == Role::owner) TRY_VOID(own());
    return {};
  }();
  if (!ready) connection_.reset();
  return ready;
}

base::Result<void> PostgresConnection::set_up() {
  const auto ignore = [](void* /*argument*/, const PGresult* /*notice*/) {};
  PQsetNoticeReceiver(connection_.get(), ignore, nullptr);
  const char* encoding = PQparameterStatus(connection_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    return base::Error(
        base::Code::store_unavailable, fmt::format("The database {} does not hold UTF-8.", place()),
        "Make one with: CREATE DATABASE kronborg ENCODING 'UTF8' TEMPLATE template0");
  }
  // An acknowledged commit is on the disk, whatever the server's or the role's default is.
  TRY_VOID(
      execute("SELECT set_config('synchronous_commit', 'on', false) "
              "WHERE current_setting('synchronous_commit') IN ('off', 'local')"));
  TRY(const auto schema, execute("SELECT current_schema() IS NULL"));
  if (PQgetvalue(schema.get(), 0, 0)[0] == 't') {
    return base::Error(base::Code::store_unavailable,
                       fmt::format("The database {} has no schema for this role.", place()),
                       "Make one with: CREATE SCHEMA kronborg AUTHORIZATION CURRENT_USER");
  }
  return {};
}

base::Result<void> PostgresConnection::own() {
  const ResultHandle locked(PQexec(connection_.get(), session_lock));
  if (PQresultStatus(locked.get()) == PGRES_COMMAND_OK) return {};
  const char* state = PQresultErrorField(locked.get(), PG_DIAG_SQLSTATE);
  if (state == nullptr || std::string_view(state) != lock_not_available) {
    return postgres_error(connection_.get(), locked.get());
  }
  return base::Error(base::Code::store_in_use,
                     fmt::format("Another kronborg uses the store {}.", place()),
                     "Stop it, or give this one another database or schema.");
}

base::Result<void> PostgresConnection::begin(Access access) {
  const std::string statements = access == Access::write ? begin_write : begin_read;
  if (usable()) {
    pending_.clear();
    if (execute(statements)) return {};
  }
  // Nothing has run yet, so that a connection which broke while it was idle costs nobody an error.
  TRY_VOID(reconnect());
  TRY_VOID(execute(statements));
  return {};
}

base::Result<void> PostgresConnection::commit() {
  const auto committed = execute(std::exchange(pending_, {}) + "COMMIT");
  if (!committed) {
    // A server that still answers has undone it; one that is gone may have written it before.
    rollback();
    if (usable()) return committed.error();
    return base::Error(base::Code::store_unavailable,
                       fmt::format("The connection to the store {} was lost during a commit; "
                                   "whether the change was made is unknown.",
                                   place()),
                       "Look at what is there before repeating it.");
  }
  // The server answers COMMIT of a failed transaction with success and ROLLBACK.
  if (std::string_view(PQcmdStatus(committed->get())) != "COMMIT") {
    return base::Error(base::Code::internal_error, "The store undid a transaction at its end.");
  }
  return {};
}

void PostgresConnection::rollback() {
  pending_.clear();
  if (!usable() || PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;
  if (!execute("ROLLBACK")) connection_.reset();
}

base::Result<void> PostgresConnection::savepoint() {
  TRY_VOID(execute(std::exchange(pending_, {}) + "SAVEPOINT work"));
  return {};
}

base::Result<void> PostgresConnection::keep_savepoint() {
  pending_ = "RELEASE SAVEPOINT work; ";
  return {};
}

base::Result<void> PostgresConnection::undo_savepoint() {
  TRY_VOID(execute("ROLLBACK TO SAVEPOINT work"));
  return keep_savepoint();
}

bool PostgresConnection::in_transaction() const {
  if (!usable()) return false;
  const auto status = PQtransactionStatus(connection_.get());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

bool PostgresConnection::usable() const {
  return connection_ && PQstatus(connection_.get()) == CONNECTION_OK;
}

base::Result<PostgresConnection::ResultHandle> PostgresConnection::execute(
    const std::string& statements) {
  if (!connection_) return lost_connection(place());
  ResultHandle result(PQexec(connection_.get(), statements.c_str()));
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return postgres_error(connection_.get(), result.get());
  }
  return result;
}

base::Result<std::string> PostgresConnection::prepared(std::string_view sql,
                                                       const std::vector<Value>& parameters) {
  std::string key(sql);
  key += '\n';
  std::vector<Oid> types;
  bool null = false;
  for (const auto& parameter : parameters) {
    types.push_back(postgres_type(parameter));
    null = null || types.back() == 0;
    key += types.back() == 0 ? 'n' : types.back() == postgres_int8 ? 'i' : 't';
  }
  if (const auto known = statements_.find(key); known != statements_.end()) return known->second;
  auto name = fmt::format("s{}", statements_.size());
  const std::string text(sql);
  TRY_VOID(null ? prepare_with_null(name, text, types) : prepare(name, text, types));
  statements_.emplace(std::move(key), name);
  return name;
}

base::Result<void> PostgresConnection::prepare(const std::string& name, const std::string& text,
                                               const std::vector<unsigned>& types) {
  const ResultHandle result(PQprepare(connection_.get(), name.c_str(), text.c_str(),
                                      static_cast<int>(types.size()), types.data()));
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return {};
  return postgres_error(connection_.get(), result.get());
}

/// The server infers the type of a NULL from its place, but not in `$1 IS NULL OR name = $1`: then
/// the two types there are come in turn, behind a savepoint because a failure dooms a transaction.
base::Result<void> PostgresConnection::prepare_with_null(const std::string& name,
                                                         const std::string& text,
                                                         const std::vector<unsigned>& types) {
  if (!in_transaction()) return prepare(name, text, types);
  TRY_VOID(execute("SAVEPOINT attempt"));
  base::Result<void> prepared;
  for (const Oid guess : {Oid{0}, postgres_text, postgres_int8}) {
    auto guessed = types;
    std::ranges::replace(guessed, Oid{0}, guess);
    prepared = prepare(name, text, guessed);
    if (prepared) break;
    TRY_VOID(execute("ROLLBACK TO SAVEPOINT attempt"));
  }
  TRY_VOID(execute("RELEASE SAVEPOINT attempt"));
  return prepared;
}

base::Result<Answer> PostgresConnection::run(std::string_view sql,
                                             const std::vector<Value>& parameters) {
  if (!usable()) return lost_connection(place());
  TRY(const auto name, prepared(sql, parameters));
  std::vector<std::string> numbers(parameters.size());
  std::vector<const char*> texts(parameters.size(), nullptr);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& value = parameters[i].get();
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      numbers[i] = fmt::format("{}", *number);
      texts[i] = numbers[i].c_str();
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      texts[i] = text->c_str();
    }
  }
  const ResultHandle result(PQexecPrepared(connection_.get(), name.c_str(),
                                           static_cast<int>(texts.size()), texts.data(), nullptr,
                                           nullptr, 0));
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return postgres_error(connection_.get(), result.get());
  }
  return answer(result.get());
}

base::Result<Answer> PostgresConnection::answer(const pg_result* result) const {
  Answer answer;
  const int rows = PQntuples(result);
  const int columns = PQnfields(result);
  answer.rows.reserve(static_cast<std::size_t>(rows));
  for (int i = 0; i < rows; ++i) {
    std::vector<Value> values;
    values.reserve(static_cast<std::size_t>(columns));
    for (int j = 0; j < columns; ++j) {
      TRY(auto value, postgres_value(result, i, j));
      values.push_back(std::move(value));
    }
    answer.rows.emplace_back(std::move(values));
  }
  // libpq's functions for the command tag take a result that is not const, and only read it.
  auto* tagged = const_cast<pg_result*>(result);
  const std::string_view command(PQcmdStatus(tagged));
  if (!command.starts_with("SELECT")) {
    const std::string_view count(PQcmdTuples(tagged));
    std::from_chars(count.data(), count.data() + count.size(), answer.changed);
  }
  return answer;
}

base::Result<std::optional<std::int64_t>> PostgresConnection::schema_version() {
  TRY(const auto table, run("SELECT to_regclass('schema_version') IS NOT NULL", {}));
  if (table.rows.at(0).integer(0) == 0) return std::optional<std::int64_t>();
  TRY(const auto answer, run("SELECT max(version) FROM schema_version", {}));
  return answer.rows.at(0).maybe_integer(0);
}

std::string PostgresConnection::place() const {
  if (!connection_) return "PostgreSQL";
  return fmt::format("{}:{}/{}", PQhost(connection_.get()), PQport(connection_.get()),
                     PQdb(connection_.get()));
}

}  // namespace kronborg::sql
