#include "api/render.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::int64_t last_second = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::size_t shown_label = 80;
constexpr std::uint64_t largest_integer = (std::uint64_t{1} << 53U) - 1;

void set(json::object& object, std::string_view name, std::string_view text) {
  object[name] = json::string(text);
}

void set_if(json::object& object, std::string_view name, const std::optional<std::string>& text) {
  if (text) set(object, name, *text);
}

void set_time(json::object& object, std::string_view name, std::int64_t unix_ms) {
  set(object, name, base::iso_time(unix_ms));
}

std::string_view status_of(const authority::KeyRecord& key, std::int64_t now_ms) {
  if (key.revoked_at_ms) return "revoked";
  return key.expires_at && *key.expires_at <= now_ms / 1000 ? "expired" : "active";
}

}  // namespace

json::value render_u64(std::uint64_t number) {
  if (number <= largest_integer) return static_cast<std::int64_t>(number);
  return json::string(std::to_string(number));
}

json::string render_seconds(std::int64_t unix_s) {
  return json::string(base::iso_time(std::min(unix_s, last_second) * 1000));
}

json::object render(const authority::AgentRecord& agent) {
  json::object object;
  set(object, "id", agent.id);
  set(object, "name", agent.name);
  set_if(object, "description", agent.description);
  set(object, "address", agent.address.text());
  object["index"] = agent.index;
  if (!agent.scope.empty()) set(object, "deviceScope", agent.scope);
  set_if(object, "upstream", agent.upstream);
  set_time(object, "createdAt", agent.created_at_ms);
  object["shared"] = agent.shared;
  object["keyCount"] = agent.key_count;
  return object;
}

json::object render(const authority::KeyRecord& key, std::int64_t now_ms) {
  json::object object;
  set(object, "id", key.id);
  // A key made elsewhere may have any label: shown cut and escaped (identity.md 5.4).
  set(object, "label", base::printable(key.label, shown_label));
  set(object, "scope", key.master_scope ? "master" : "agent");
  if (!key.master_scope) set_if(object, "agentId", key.agent_id);
  set(object, "issuer", key.issuer.text());
  set(object, "audience", key.audience.text());
  set(object, "nonce", key.nonce);
  object["counter"] = render_u64(key.counter);
  set(object, "hint", key.hint);
  set_time(object, "createdAt", key.created_at_ms);
  if (key.expires_at) object["expiresAt"] = render_seconds(*key.expires_at);
  if (key.last_used_at_ms) set_time(object, "lastUsedAt", *key.last_used_at_ms);
  set_if(object, "lastUsedFrom", key.last_used_from);
  object["useCount"] = key.use_count;
  set(object, "status", status_of(key, now_ms));
  if (key.revoked_at_ms) set_time(object, "revokedAt", *key.revoked_at_ms);
  set_if(object, "revokedReason", key.revoked_reason);
  set_if(object, "source", key.source);
  object["legacy"] = key.legacy;
  return object;
}

json::object render(const authority::WhitelistEntry& entry) {
  json::object object;
  set(object, "address", entry.address.text());
  set_if(object, "agentId", entry.agent_id);
  set(object, "label", entry.label);
  set_time(object, "createdAt", entry.created_at_ms);
  return object;
}

json::object render(const authority::DeviceRecord& device) {
  json::object object;
  set(object, "id", device.id);
  set(object, "issuer", device.issuer.text());
  set(object, "kind", identity::device_kind_name(device.kind));
  set_if(object, "name", device.name);
  if (device.public_key) set(object, "publicKey", base::base64url(*device.public_key));
  json::object attestation;
  attestation["verified"] = device.attestation.verified;
  set(attestation, "format", device.attestation.format);
  set_time(attestation, "at", device.attestation.at_ms);
  set_if(attestation, "appId", device.attestation.app_id);
  set_if(attestation, "environment", device.attestation.environment);
  set_if(attestation, "manufacturer", device.attestation.manufacturer);
  set_if(attestation, "chain", device.attestation.chain);
  object["attestation"] = std::move(attestation);
  if (device.kind == identity::DeviceKind::apple_attest) object["signCount"] = device.sign_count;
  set_time(object, "createdAt", device.created_at_ms);
  if (device.last_seen_at_ms) set_time(object, "lastSeenAt", *device.last_seen_at_ms);
  if (device.revoked_at_ms) set_time(object, "revokedAt", *device.revoked_at_ms);
  return object;
}

json::object render(const authority::AuditEvent& event) {
  json::object object;
  set(object, "id", event.id);
  object["seq"] = event.seq;
  set_time(object, "at", event.at_ms);
  set(object, "type", event.type);
  set(object, "actor", event.actor);
  set(object, "subject", event.subject);
  auto detail = base::parse_json(event.detail);
  object["detail"] =
      detail && detail->is_object() ? *std::move(detail) : json::value(json::object());
  set_if(object, "sourceAddress", event.source_address);
  set(object, "requestId", event.request_id);
  return object;
}

}  // namespace kronborg::api
