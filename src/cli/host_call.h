#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "http/client_url.h"
#include "http/fetch.h"

namespace kronborg::cli {

/// Another host, as somebody named it.
struct HostAddress {
  std::string url;       ///< `http://host:port`, without a last slash
  http::UpstreamUrl at;  ///< the same, read

  /// Under which keys of this host are kept: name and port.
  [[nodiscard]] const std::string& name() const { return at.host_field; }
};
inline constexpr int usual_port = 1337;

/// `https://host`, `http://host:port`, `host:port` or `host`; without a scheme it is http, without
/// scheme and port it is port 1337. Error: usage.
base::Result<HostAddress> read_host_address(std::string_view text);

struct HostRequest {
  std::string method = "GET";
  std::string path = "/";  ///< with its query
  std::string body = {};   ///< JSON
  std::chrono::seconds wait{30};
};
/// The body of the answer 200. A refusal is an error, in the host's words. Errors:
/// server_unreachable, and the host's.
base::Result<std::string> ask_host(const HostAddress& host, const HostRequest& request);

/// What a refusal says, in any of the forms that hosts use: flat, nested, or with its code in
/// `error` (docs/protocol/pairing.md section 1, secure-channel.md section 2, identity.md section
/// 9).
base::Error refusal_of_host(int status, std::string_view body);

}  // namespace kronborg::cli
