#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace kronborg::gate {

/// The answer to a request that the gate does not forward: `{"error":{"message","type","code",
/// "hint"}}` with the details of the error, `Retry-After` with 503, `WWW-Authenticate` with 401
/// (docs/protocol/identity.md section 9; for a path that is nobody's, http.md section 7.1).
class Refusals {
 public:
  /// `origin`: `<origin>` of docs/protocol/http.md section 1.1.
  explicit Refusals(std::string_view origin);

  [[nodiscard]] http::Answer answer(const base::Error& error) const;
  /// 404 `route_not_found`: the path is kronborg's own and nothing is there.
  [[nodiscard]] static http::Answer no_route(std::string_view request_id);
  /// 403 `agent_scope_denied`; `starts_work`: on `/agents/{id}/run` or `/dispatch`.
  [[nodiscard]] static http::Answer out_of_scope(bool starts_work);
  /// 426: docs/protocol/secure-channel.md section 4.
  [[nodiscard]] static http::Answer channel_required();

  /// The same without a body, for proxies that ask for an answer alone.
  [[nodiscard]] http::Answer bare(base::Code code) const;

 private:
  [[nodiscard]] const std::string& challenge(base::Code code) const;

  std::string no_credential_;
  std::string refused_credential_;
};

/// The body of Refusals::answer() alone.
std::string error_body(const base::Error& error);

}  // namespace kronborg::gate
