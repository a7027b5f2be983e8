#include "conformance/stores.h"

#include <optional>

namespace kronborg::conformance {

namespace {

std::optional<support::PostgresServer>& the_server() {
  static std::optional<support::PostgresServer> server;
  return server;
}

}  // namespace

support::PostgresServer& server() {
  auto& server = the_server();
  if (!server) server.emplace();
  return *server;
}

void stop_server() { the_server().reset(); }

void Store::SetUp() {
  if (GetParam() == Kind::sqlite) {
    options_.sqlite_file = folder_.path() / "store.db";
  } else {
    options_.url = server().new_database();
  }
}

sql::Database& Store::open() {
  database_.reset();
  auto opened = sql::open(options_);
  if (!opened) throw std::runtime_error("the store does not open: " + text_of(opened));
  database_ = *std::move(opened);
  return *database_;
}

std::string word_of(const sql::OpenOptions& options) {
  return options.url.empty() ? options.sqlite_file.string() : options.url;
}

sql::OpenOptions options_of(const std::string& word) {
  if (word.starts_with("postgresql:")) return {.url = word};
  return {.sqlite_file = word};
}

std::string name_of(const testing::TestParamInfo<Kind>& info) {
  return info.param == Kind::sqlite ? "SQLite" : "PostgreSQL";
}

}  // namespace kronborg::conformance
