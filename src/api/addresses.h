#pragma once

#include <string>

#include "api/router.h"

namespace kronborg::api {

/// Version of the interface of spaces: OpenAPI, the cards of the doors.
inline constexpr std::string_view interface_version = "1.2.0";

/// Where documents say that things are: at the root when that path is ours, else at the twin below
/// /oresundspace/ (docs/protocol/discovery.md section 1). Absolute URLs of the own origin.
struct Addresses {
  explicit Addresses(const Settings& settings);

  std::string origin;      ///< no trailing '/'
  std::string host;        ///< of the origin, without port; letters, digits, '.' and '-' only
  std::string reversed;    ///< its labels from the last to the first; an IP address as it is
  std::string guide;       ///< /auth.md
  std::string openapi;     ///< the OpenAPI document
  std::string mcp;         ///< the MCP door
  std::string mcp_card;    ///< its server card
  std::string a2a;         ///< the A2A door
  std::string agent_card;  ///< its card
};

}  // namespace kronborg::api
