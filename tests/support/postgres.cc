#include "support/postgres.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace kronborg::support {

namespace {

void run_script(const std::string& arguments) {
  const std::string command =
      std::string(KRONBORG_SOURCE_DIR) + "/tests/support/postgres.sh " + arguments;
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

}  // namespace

PostgresServer::PostgresServer() { start(); }

PostgresServer::~PostgresServer() {
  try {
    stop();
  } catch (const std::exception&) {
    return;  // stopped by the test already
  }
}

void PostgresServer::start() {
  run_script("start " + folder().string() + " " + std::to_string(::getpid()) + " >/dev/null");
}

void PostgresServer::stop() { run_script("stop " + folder().string() + " 2>/dev/null"); }

std::string PostgresServer::url(const std::string& database) const {
  return "postgresql://kronborg@/" + database + "?host=" + folder().string();
}

std::string PostgresServer::new_database() {
  const auto name = "test_" + std::to_string(++databases_);
  run(url("postgres"), "CREATE DATABASE " + name);
  return url(name);
}

std::string PostgresServer::run(const std::string& url, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()),
                                                                &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()),
                                                             &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
  return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
}

}  // namespace kronborg::support
