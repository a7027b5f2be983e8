#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace kronborg::sql {

/// SQL is a literal: a runtime string does not convert. `$1`, `$2`, … name the parameters, each one
/// up to the highest appears; both drivers accept the text as it is (no dialect: ON CONFLICT,
/// RETURNING, CASE; types TEXT and BIGINT). Texts are compared by bytes for equality; their order
/// is the same in every store for digits and lower-case hexadecimal only.
class Text {
 public:
  template <std::size_t N>
  consteval Text(const char (&literal)[N])  // NOLINT(google-explicit-constructor)
      : text_(literal, N - 1), parameters_(count({literal, N - 1})) {}
  [[nodiscard]] std::string_view view() const { return text_; }
  [[nodiscard]] std::size_t parameters() const { return parameters_; }

 private:
  static consteval std::size_t count(std::string_view text) {
    bool seen[100] = {};
    std::size_t highest = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\'') quoted = !quoted;
      if (text[i] != '$' || quoted) continue;
      std::size_t number = 0;
      for (; i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9'; ++i) {
        number = number * 10 + static_cast<std::size_t>(text[i + 1] - '0');
      }
      seen[number] = true;
      if (number > highest) highest = number;
    }
    for (std::size_t number = 1; number <= highest; ++number) {
      if (!seen[number]) throw "a parameter below the highest does not appear";
    }
    return highest;
  }

  std::string_view text_;
  std::size_t parameters_;
};

/// A parameter or a column: NULL, BIGINT or TEXT (UTF-8). Booleans are 0 and 1.
class Value {
 public:
  Value() = default;
  Value(std::nullopt_t) {}  // NOLINT
  template <std::integral T>
  Value(T number) : value_(static_cast<std::int64_t>(number)) {}  // NOLINT
  Value(std::string text) : value_(std::move(text)) {}            // NOLINT
  Value(std::string_view text) : value_(std::string(text)) {}     // NOLINT
  Value(const char* text) : value_(std::string(text)) {}          // NOLINT
  template <class T>
  Value(const std::optional<T>& value) {  // NOLINT
    if (value) *this = Value(*value);
  }

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] const std::variant<std::monostate, std::int64_t, std::string>& get() const {
    return value_;
  }

 private:
  std::variant<std::monostate, std::int64_t, std::string> value_;
};

/// One answer row. Columns are counted from 0. Asking for the wrong type is a programming error.
class Row {
 public:
  explicit Row(std::vector<Value> columns) : columns_(std::move(columns)) {}
  [[nodiscard]] bool is_null(std::size_t column) const { return columns_.at(column).is_null(); }
  [[nodiscard]] std::int64_t integer(std::size_t column) const;
  [[nodiscard]] const std::string& text(std::size_t column) const;
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(std::size_t column) const;
  [[nodiscard]] std::optional<std::string> maybe_text(std::size_t column) const;

 private:
  std::vector<Value> columns_;
};

struct Answer {
  std::vector<Row> rows;
  std::int64_t changed = 0;  ///< rows inserted, updated or deleted
};

/// What runs inside a transaction. Valid during the function it was given to, on its thread.
class Transaction {
 public:
  virtual ~Transaction() = default;
  /// Texts are UTF-8 without U+0000, as both stores hold them. The first failed statement dooms the
  /// transaction, as PostgreSQL has it: every later one repeats that error, and so do write() and
  /// read(), even when the work returns success. A work that expects a conflict says ON CONFLICT.
  /// Errors: conflict (a constraint), store_full, store_unavailable, store_damaged, internal_error.
  virtual base::Result<Answer> run(Text sql, std::vector<Value> parameters) = 0;
  template <class... Args>
  base::Result<Answer> operator()(Text sql, Args&&... args) {
    return run(sql, std::vector<Value>{Value(std::forward<Args>(args))...});
  }
  /// Runs after the transaction is durable, on the writer's thread, in the order of the commits,
  /// before write() returns. Never runs when the transaction did not commit. Must not throw, block
  /// or touch the database: it publishes to memory.
  virtual void on_commit(std::function<void()> publish) = 0;
};

using Work = std::function<base::Result<void>(Transaction&)>;

struct StoreFacts {
  std::string kind;                 ///< "sqlite" or "postgresql"
  std::string place;                ///< file path, or host and database; never a password
  std::int64_t schema_version = 0;  ///< 0: none yet
  /// It held no schema when it was opened: just made, or lost. Whoever finds an identity beside
  /// such a store refuses it before migrate() (identity.md section 8: an empty revocation store is
  /// never "nothing revoked").
  bool created = false;
};

/// One store. Thread-safe. Transactions are serialisable: writes run one after another, a read sees
/// one state between two writes. A work must not call read() or write() of the kind it runs in
/// (internal_error). A work that throws fails alone, with internal_error.
class Database {
 public:
  virtual ~Database() = default;

  /// Rolls back on purpose: a function that writes under read() loses its change and fails its
  /// test.
  virtual base::Result<void> read(const Work& work) = 0;

  /// Runs `work`; commits and makes durable when it succeeds, undoes all of it when it returns an
  /// error (which write() then returns). Writers that wait together share one commit (group
  /// commit), each in its own savepoint. `work` may run on another thread and, after a lost
  /// connection, must not be assumed to have failed unless an error is returned. Error overloaded:
  /// too many wait.
  virtual base::Result<void> write(const Work& work) = 0;

  /// Integrity check of the whole store; the findings, empty when sound.
  virtual base::Result<std::vector<std::string>> check() = 0;

  /// A consistent copy into a new file. SQLite only; PostgreSQL answers an error that names
  /// pg_dump.
  virtual base::Result<void> backup(const std::string& file) = 0;

  [[nodiscard]] virtual StoreFacts facts() const = 0;
};

/// Order-preserving text of a 64-bit unsigned number: 20 decimal digits.
/// Reading anything else is a programming error, like asking a Row for the wrong type: both throw
/// std::logic_error, which ends the work with internal_error.
std::string u64_text(std::uint64_t value);
std::uint64_t u64_from_text(std::string_view text);

}  // namespace kronborg::sql
