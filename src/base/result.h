#pragma once

#include <concepts>
#include <expected>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace kronborg::base {

/// A value or an Error. Dropping one does not compile, unlike a bare std::expected.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
  Result(Error error) : std::expected<T, Error>(std::unexpected(std::move(error))) {}  // NOLINT
  Result(Code code) : Result(Error(code)) {}                                           // NOLINT
};

template <>
class [[nodiscard]] Result<void> : public std::expected<void, Error> {
 public:
  using std::expected<void, Error>::expected;
  Result(Error error) : std::expected<void, Error>(std::unexpected(std::move(error))) {}  // NOLINT
  Result(Code code) : Result(Error(code)) {}                                              // NOLINT
};

}  // namespace kronborg::base

#define KRONBORG_JOIN_(a, b) a##b
#define KRONBORG_JOIN(a, b) KRONBORG_JOIN_(a, b)

/// TRY(auto key, parse(text)): declares `key`, or returns the error. Not inside coroutines.
#define TRY(declaration, expression) \
  TRY_(declaration, (expression), KRONBORG_JOIN(try_result_, __COUNTER__))
#define TRY_(declaration, expression, hidden)    \
  auto hidden = expression;                      \
  if (!hidden) return std::move(hidden).error(); \
  declaration = *std::move(hidden)

/// TRY_VOID(store.write(…)): returns the error if there is one.
#define TRY_VOID(expression)                                                                  \
  do {                                                                                        \
    if (auto try_result_ = (expression); !try_result_) return std::move(try_result_).error(); \
  } while (false)
