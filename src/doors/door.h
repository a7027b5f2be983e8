#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/router.h"
#include "base/error.h"
#include "http/message.h"

namespace kronborg::doors {

/// What a door gets of the HTTP request. Host and Origin have been judged.
struct DoorRequest {
  std::string method = "POST";
  std::string path;
  std::string query = {};  ///< as received, without '?'
  /// Lower-case names: content-type, accept, prefer, mcp-protocol-version, mcp-method, mcp-name,
  /// a2a-version, a2a-extensions.
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};
  api::SharedSecret private_key = {};  ///< X-Private-Key
  api::SharedSecret bearer = {};       ///< Authorization: Bearer
  api::SharedSecret user_token = {};   ///< X-User-Token
  std::string source_address = {};
  std::string request_id = {};
  bool browser = false;  ///< Origin, Sec-Fetch-Mode or a session was sent (spaces.md section 8.6)
  bool resumed = false;  ///< asked again after what it was held for

  /// Value of the first field of that name; empty when there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const;
};

/// What taking a token of a policy came to.
struct Taken {
  std::optional<base::Error> refused = {};  ///< rate_limited, with `policies` and `retryAfter`
  std::vector<std::pair<std::string, std::string>> fields = {};  ///< RateLimit, …, for the answer
};

/// What a door asks of the REST surface, which it translates to. All are called on the thread of
/// answer() and are thread-safe.
struct Calls {
  /// Runs the operation. With `held`: a message list that may wait fills it and is asked again.
  std::function<http::Answer(const api::Request& request, std::optional<api::Held>* held)> call;
  /// The credential of this request is live, belongs to its space, and its type may do this. No
  /// effect, no token taken.
  std::function<bool(const api::Request& request)> would_admit;
  /// One token of a policy that counts by source address.
  std::function<Taken(std::string_view policy, std::string_view source_address)> take_rate;
};

/// Pages of the manual: name and Markdown.
using DocPages = std::vector<std::pair<std::string, std::string>>;

/// One space key: 64 hexadecimal digits.
bool has_key_form(std::string_view text);
/// A key as it was sent, compared without regard to the case of its digits, in constant time.
bool same_key(const api::SharedSecret& a, const api::SharedSecret& b);

}  // namespace kronborg::doors
