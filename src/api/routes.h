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
#include "api/policies.h"
#include "api/router.h"
#include "api/space_call.h"
#include "http/limits.h"
#include "spaces/kinds.h"

namespace kronborg::api {

enum class Method : std::uint8_t { get, post, put, patch, remove };
std::string_view method_name(Method method);  ///< "GET", "POST", "PUT", "PATCH", "DELETE"

/// What everybody may ask for.
enum class Open : std::uint8_t {
  health,
  ready,
  metrics,
  document,
  page,        ///< /join/{spaceId} and its files
  revoke,      ///< POST /oauth/revoke
  link_start,  ///< POST /oresundspace/link/start
  space_key,   ///< <space>/key: for the session of a human
  pair,        ///< /pair… and /pair-invite: answered by the owner of the connection
  secure,      ///< POST /secure/session, /secure/call: answered by the owner of the connection
};

/// Where the space key of a route comes from.
enum class KeyPlace : std::uint8_t {
  none,    ///< the route takes no key
  header,  ///< X-Private-Key or Bearer
  path,    ///< the card: the second segment of the path
  poll,    ///< as header; with the right join token also a key that no longer lets anybody join
};
/// Who makes the answer once the caller has been let in.
enum class Door : std::uint8_t { none, stream, export_ };

/// The rule of a route of spaces (docs/protocol/spaces.md section 3).
struct SpaceRule {
  SpaceOperation operation = nullptr;
  spaces::KeyTypes who = {};
  Policy policy = Policy::reads;
  bool writes = false;      ///< its effect runs under a write
  bool speaks = false;      ///< refused to the muted
  bool user_token = false;  ///< X-User-Token is looked at
  bool raw_text = false;    ///< text/markdown and text/plain bodies are taken
  KeyPlace key = KeyPlace::header;
  Door door = Door::none;
};

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
  static consteval Rule space(SpaceRule rule) { return Rule(rule, Repeat::replayed); }

  [[nodiscard]] constexpr bool owner_only() const {
    return std::holds_alternative<Operation>(what_);
  }
  [[nodiscard]] constexpr bool is_stream() const { return owner_only() && operation() == nullptr; }
  [[nodiscard]] constexpr const SpaceRule* space_rule() const {
    return std::get_if<SpaceRule>(&what_);
  }
  [[nodiscard]] constexpr bool is_open(Open what) const {
    const Open* const open = std::get_if<Open>(&what_);
    return open != nullptr && *open == what;
  }
  /// Answers 404 when spaces are off.
  [[nodiscard]] constexpr bool of_spaces() const {
    return space_rule() != nullptr || is_open(Open::page) || is_open(Open::space_key) ||
           is_open(Open::link_start) || is_open(Open::revoke);
  }
  /// GET without HEAD (http.md section 13).
  [[nodiscard]] constexpr bool has_no_head() const {
    const SpaceRule* const space = space_rule();
    return is_stream() || is_open(Open::space_key) || is_open(Open::pair) ||
           (space != nullptr && (space->door == Door::stream || space->key == KeyPlace::poll));
  }
  [[nodiscard]] constexpr Operation operation() const { return std::get<Operation>(what_); }
  [[nodiscard]] constexpr Open open() const { return std::get<Open>(what_); }
  [[nodiscard]] constexpr Repeat repeat() const { return repeat_; }

 private:
  using What = std::variant<Operation, Open, SpaceRule>;
  constexpr Rule(What what, Repeat repeat) : what_(what), repeat_(repeat) {}

  What what_;
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

/// The routes of spaces and of the pages and endpoints around them.
std::span<const Route> space_routes();
/// Operations that only doors ask for, by their id: Request::operation.
const Route* unrouted(std::string_view id);

/// All others. With space_routes() the one place where a path is tied to who may ask and what is
/// done.
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
/// Below one of the prefixes of space_routes().
bool is_in_space_table(std::string_view path);

}  // namespace kronborg::api
