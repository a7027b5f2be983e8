#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/operations.h"
#include "api/router.h"
#include "http/limits.h"

namespace kronborg::api {

enum class Method : std::uint8_t { get, post, patch, remove };
std::string_view method_name(Method method);  ///< "GET", "POST", "PATCH", "DELETE"

/// What everybody may ask for.
enum class Open : std::uint8_t { health, ready, metrics, document };

/// What an Idempotency-Key does (docs/protocol/http.md section 11). `pure`: the operation leaves
/// nothing behind that a repeat would do twice, and its input is a secret: evaluated anew, nothing
/// is stored.
enum class Repeat : std::uint8_t { replayed, pure };

/// Who may call. There is no default: a route without a rule does not compile.
class Rule {
 public:
  static consteval Rule everybody(Open what) { return Rule(what, Repeat::pure); }
  static consteval Rule owner(Operation operation, Repeat repeat = Repeat::replayed) {
    return Rule(operation, repeat);
  }
  /// The event stream: for the owner, driven by whoever owns the connection.
  static consteval Rule owner_stream() { return Rule(Operation{nullptr}, Repeat::pure); }

  [[nodiscard]] constexpr bool owner_only() const {
    return std::holds_alternative<Operation>(what_);
  }
  [[nodiscard]] constexpr bool is_stream() const { return owner_only() && operation() == nullptr; }
  [[nodiscard]] constexpr Operation operation() const { return std::get<Operation>(what_); }
  [[nodiscard]] constexpr Open open() const { return std::get<Open>(what_); }
  [[nodiscard]] constexpr Repeat repeat() const { return repeat_; }

 private:
  constexpr Rule(std::variant<Operation, Open> what, Repeat repeat)
      : what_(what), repeat_(repeat) {}

  std::variant<Operation, Open> what_;
  Repeat repeat_;
};

struct Route {
  Method method;
  std::string_view path;  ///< `{name}` stands for one segment
  Rule rule;
  std::string_view id;       ///< operationId of the OpenAPI document
  std::string_view summary;  ///< and its summary
  std::size_t body_limit = http::default_body_limit_bytes;
};

/// All of them: the one place where a path is tied to who may ask and what is done.
std::span<const Route> routes();

/// The segments of `path` that stand for the `{…}` of `path_template`, when it fits.
std::optional<std::vector<std::string>> match(std::string_view path_template,
                                              std::string_view path);

struct Found {
  const Route* route = nullptr;  ///< of this path and method; HEAD finds GET
  std::vector<std::string> segments;
  std::string allow;  ///< methods of the path, for `Allow`; empty: no such path
};
Found find_route(std::string_view method, std::string_view path);

}  // namespace kronborg::api
