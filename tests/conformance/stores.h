#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sql/open.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"

namespace kronborg::conformance {

enum class Kind : std::uint8_t { sqlite, postgresql };

/// The server of this process, started when first asked for and stopped by stop_server().
support::PostgresServer& server();
void stop_server();

/// A fresh store of a kind, and its database opened and opened again.
class Store : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override;
  void TearDown() override { database_.reset(); }

  [[nodiscard]] const sql::OpenOptions& options() const { return options_; }
  /// Closes the database first when it is open.
  sql::Database& open();
  sql::Database& database() { return database_ ? *database_ : open(); }
  void close() { database_.reset(); }

 private:
  support::TemporaryFolder folder_;
  sql::OpenOptions options_;
  std::unique_ptr<sql::Database> database_;
};

/// The options as one word, for a process of its own.
std::string word_of(const sql::OpenOptions& options);
sql::OpenOptions options_of(const std::string& word);

/// The wire code of the error, or `ok`.
template <class T>
std::string code_of(const base::Result<T>& result) {
  return result ? "ok" : std::string(base::facts(result.error().code).name);
}

template <class T>
std::string text_of(const base::Result<T>& result) {
  return result ? "ok" : std::string(result.error().text());
}

/// One statement as a write of its own.
template <class... Args>
base::Result<sql::Answer> write(sql::Database& database, sql::Text text, Args... args) {
  sql::Answer answer;
  TRY_VOID(database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(answer, transaction(text, args...));
    return {};
  }));
  return answer;
}

/// One statement as a read of its own.
template <class... Args>
base::Result<sql::Answer> read(sql::Database& database, sql::Text text, Args... args) {
  sql::Answer answer;
  TRY_VOID(database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(answer, transaction(text, args...));
    return {};
  }));
  return answer;
}

/// The first column of the only row, which holds an integer.
template <class... Args>
std::int64_t number(sql::Database& database, sql::Text text, Args... args) {
  const auto answer = read(database, text, args...);
  if (!answer || answer->rows.size() != 1) {
    ADD_FAILURE() << text.view() << ": " << text_of(answer);
    return -1;
  }
  return answer->rows.front().integer(0);
}

std::string name_of(const testing::TestParamInfo<Kind>& info);

}  // namespace kronborg::conformance

#define ASSERT_OK(expression)                                                    \
  do {                                                                           \
    const auto& result_ = (expression);                                          \
    ASSERT_TRUE(result_.has_value()) << #expression << ": " << text_of(result_); \
  } while (false)

/// The suite runs against every store.
#define KRONBORG_EVERY_STORE(suite)                                                  \
  INSTANTIATE_TEST_SUITE_P(Every, suite,                                             \
                           testing::Values(kronborg::conformance::Kind::sqlite,      \
                                           kronborg::conformance::Kind::postgresql), \
                           kronborg::conformance::name_of)
