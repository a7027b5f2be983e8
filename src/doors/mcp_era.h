#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "doors/door.h"
#include "doors/json_rpc.h"

namespace kronborg::doors {

/// The two ways of speaking MCP on one path (docs/protocol/discovery.md section 7).
enum class McpEra : std::uint8_t {
  legacy,  ///< 2025-03-26 to 2025-11-25: a handshake first
  modern,  ///< 2026-07-28: every request says its version
};

inline constexpr int mcp_header_mismatch = -32020;
inline constexpr int mcp_unsupported_version = -32022;

/// The one that `message` chooses by its `_meta`, or the request by its header.
McpEra era_of(const DoorRequest& request, const RpcMessage& message);

/// What is wrong with the version of a legacy message: its header names one that is not served.
std::optional<RpcError> legacy_fault(const DoorRequest& request);
/// What is wrong with `_meta`, the version or the three header fields of a modern request. The
/// answer is 400.
std::optional<RpcError> modern_fault(const DoorRequest& request, const RpcMessage& message);

/// The version that initialize answers when `asked` was wanted.
std::string_view agreed_version(std::string_view asked);
/// All versions, newest first.
boost::json::array supported_versions();
/// A batch may come under this header: none, or that of the one version that has batches.
bool allows_batch(const DoorRequest& request);

/// A header value: `=?base64?…?=` is decoded. nothing: not valid base64.
std::optional<std::string> decoded_header(std::string_view value);

}  // namespace kronborg::doors
