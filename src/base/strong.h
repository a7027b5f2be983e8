#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <utility>

namespace kronborg::base {

/// The same representation under another name: a Nonce is not a Label. No arithmetic, no way back
/// but get().
template <class T, class Tag>
class Strong {
 public:
  Strong() = default;
  explicit Strong(T value) : value_(std::move(value)) {}

  [[nodiscard]] const T& get() const { return value_; }

  auto operator<=>(const Strong&) const = default;
  bool operator==(const Strong&) const = default;

  struct Hash {
    std::size_t operator()(const Strong& s) const { return std::hash<T>{}(s.value_); }
  };

 private:
  T value_{};
};

}  // namespace kronborg::base
