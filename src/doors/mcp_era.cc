#include "doors/mcp_era.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>

#include "base/bytes.h"
#include "base/encoding.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

constexpr std::string_view modern_version = "2026-07-28";
constexpr std::array<std::string_view, 3> legacy_versions = {"2025-11-25", "2025-06-18",
                                                             "2025-03-26"};
constexpr std::string_view batch_version = "2025-03-26";
constexpr std::string_view version_field = "mcp-protocol-version";
constexpr std::string_view version_key = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view capabilities_key = "io.modelcontextprotocol/clientCapabilities";
constexpr std::string_view base64_begin = "=?base64?";
constexpr std::string_view base64_end = "?=";

bool is_legacy(std::string_view version) {
  return std::ranges::find(legacy_versions, version) != legacy_versions.end();
}

const json::value* meta_member(const RpcMessage& message, std::string_view name) {
  const json::value* meta = message.params.if_contains("_meta");
  if (meta == nullptr || !meta->is_object()) return nullptr;
  return meta->as_object().if_contains(name);
}

std::string_view text_of(const json::value* value) {
  return value != nullptr && value->is_string() ? std::string_view(value->as_string())
                                                : std::string_view{};
}

RpcError mismatch(std::string_view what) {
  return {.code = mcp_header_mismatch, .message = "Header mismatch: " + std::string(what)};
}

RpcError unsupported(std::string_view asked) {
  return {.code = mcp_unsupported_version,
          .message = "Unsupported protocol version.",
          .data = json::object{{"supported", supported_versions()}, {"requested", asked}}};
}

/// A field that must be there and say `expected`.
std::optional<RpcError> field_fault(const DoorRequest& request, std::string_view field,
                                    std::string_view shown, std::string_view expected,
                                    std::string_view member) {
  const std::string_view sent = request.field(field);
  if (sent.empty()) return mismatch(std::string(shown) + " is missing.");
  const auto value = decoded_header(sent);
  if (!value) return mismatch(std::string(shown) + " is not valid base64.");
  if (*value == expected) return std::nullopt;
  return mismatch(std::string(shown) + " does not equal " + std::string(member) + ".");
}

}  // namespace

McpEra era_of(const DoorRequest& request, const RpcMessage& message) {
  const bool modern = meta_member(message, version_key) != nullptr ||
                      decoded_header(request.field(version_field)) == modern_version;
  return modern ? McpEra::modern : McpEra::legacy;
}

std::optional<RpcError> legacy_fault(const DoorRequest& request) {
  const std::string_view sent = request.field(version_field);
  if (sent.empty() || is_legacy(sent)) return std::nullopt;
  return unsupported(sent);
}

std::optional<RpcError> modern_fault(const DoorRequest& request, const RpcMessage& message) {
  const json::value* version = meta_member(message, version_key);
  const json::value* capabilities = meta_member(message, capabilities_key);
  if (version == nullptr || !version->is_string()) {
    return RpcError{.code = rpc_invalid_params,
                    .message = "Invalid params: _meta must name " + std::string(version_key) + "."};
  }
  if (capabilities == nullptr || !capabilities->is_object()) {
    return RpcError{
        .code = rpc_invalid_params,
        .message = "Invalid params: _meta must hold " + std::string(capabilities_key) + "."};
  }
  const std::string_view asked = version->as_string();
  const bool header_sent = !request.field(version_field).empty();
  auto version_fault =
      field_fault(request, version_field, "MCP-Protocol-Version", asked, "the version in _meta");
  if (header_sent && version_fault) return version_fault;
  if (asked != modern_version) return unsupported(asked);
  if (version_fault) return version_fault;
  if (auto fault = field_fault(request, "mcp-method", "Mcp-Method", message.method, "method")) {
    return fault;
  }
  if (message.method != "tools/call") return std::nullopt;
  return field_fault(request, "mcp-name", "Mcp-Name", text_of(message.params.if_contains("name")),
                     "params.name");
}

std::string_view agreed_version(std::string_view asked) {
  return is_legacy(asked) ? asked : legacy_versions.front();
}

json::array supported_versions() {
  json::array versions{modern_version};
  for (const std::string_view version : legacy_versions) versions.emplace_back(version);
  return versions;
}

bool allows_batch(const DoorRequest& request) {
  const std::string_view sent = request.field(version_field);
  return sent.empty() || sent == batch_version;
}

std::optional<std::string> decoded_header(std::string_view value) {
  if (!value.starts_with(base64_begin) || !value.ends_with(base64_end) ||
      value.size() < base64_begin.size() + base64_end.size()) {
    return std::string(value);
  }
  value.remove_prefix(base64_begin.size());
  value.remove_suffix(base64_end.size());
  std::string text(value);
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  const auto bytes = base::base64url_strict(text);
  if (!bytes) return std::nullopt;
  return std::string(base::text_of(*bytes));
}

}  // namespace kronborg::doors
