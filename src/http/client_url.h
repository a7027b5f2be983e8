#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kronborg::http {

/// Where an upstream is: `http://host:port[/base]`, `https://host[:port][/base]` or
/// `unix:/path/to.sock`. Only configuration names one, never a request.
struct UpstreamUrl {
  bool tls = false;
  std::string host;  ///< name or IP address (IPv6 without brackets); empty for a Unix socket
  std::uint16_t port = 0;
  std::string unix_path;
  std::string base_path;   ///< put before every forwarded path; empty or `/a/b`, without a last
                           ///< slash
  std::string host_field;  ///< what the upstream gets as `Host`: its own name, `localhost` for a
                           ///< Unix socket

  bool operator==(const UpstreamUrl&) const = default;
};

/// Strict: no user information, query or fragment; ports 1..65535. Error: config_invalid.
base::Result<UpstreamUrl> parse_upstream_url(std::string_view text);

}  // namespace kronborg::http
