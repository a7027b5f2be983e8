#include "api/routes.h"

#include <algorithm>

namespace kronborg::api {
namespace {

using enum Method;

constexpr Route table[] = {
    {get, "/api/v1/identity", Rule::owner(get_identity), "getIdentity",
     "The master identity and its state"},
    {post, "/api/v1/identity", Rule::owner(create_identity), "createIdentity",
     "Set up the master identity"},
    {post, "/api/v1/identity/unlock", Rule::owner(unlock_identity, Repeat::pure), "unlockIdentity",
     "Hand the passphrase or PIN to the key holder"},
    {post, "/api/v1/identity/lock", Rule::owner(lock_identity), "lockIdentity",
     "Forget the master key"},
    {post, "/api/v1/identity/recover", Rule::owner(recover_identity), "recoverIdentity",
     "Bring the identity back from its bundle or from its words", recovery_body_limit_bytes},
    {post, "/api/v1/identity/recovery/drill", Rule::owner(drill_recovery, Repeat::pure),
     "drillRecovery", "Rehearse a recovery", recovery_body_limit_bytes},
    {post, "/api/v1/identity/recovery/code", Rule::owner(new_recovery_code), "newRecoveryCode",
     "Make a new recovery code"},
    {post, "/api/v1/identity/recovery/words", Rule::owner(show_recovery_words, Repeat::pure),
     "showRecoveryWords", "Show the 24 words"},

    {get, "/api/v1/agents", Rule::owner(list_agents), "listAgents", "List the agents"},
    {post, "/api/v1/agents", Rule::owner(create_agent), "createAgent", "Create an agent"},
    {post, "/api/v1/agents/import", Rule::owner(import_agent), "importAgent",
     "Bring back an agent by index and scope"},
    {get, "/api/v1/agents/{id}", Rule::owner(get_agent), "getAgent", "Show an agent"},
    {patch, "/api/v1/agents/{id}", Rule::owner(update_agent), "updateAgent", "Change an agent"},
    {remove, "/api/v1/agents/{id}", Rule::owner(delete_agent), "deleteAgent",
     "Remove an agent and retire its address"},
    {post, "/api/v1/agents/{id}/rotate", Rule::owner(rotate_agent), "rotateAgent",
     "Give an agent a new address"},

    {get, "/api/v1/access-keys", Rule::owner(list_access_keys), "listAccessKeys",
     "List the access keys"},
    {post, "/api/v1/access-keys", Rule::owner(create_access_key), "createAccessKey",
     "Mint an access key"},
    {post, "/api/v1/access-keys/inspect", Rule::owner(inspect_access_key, Repeat::pure),
     "inspectAccessKey", "Decode a key and say what would be decided, and why"},
    {get, "/api/v1/access-keys/{id}", Rule::owner(get_access_key), "getAccessKey",
     "Show an access key"},
    {remove, "/api/v1/access-keys/{id}", Rule::owner(forget_access_key), "forgetAccessKey",
     "Revoke an access key and hide it"},
    {post, "/api/v1/access-keys/{id}/revoke", Rule::owner(revoke_access_key), "revokeAccessKey",
     "Revoke an access key"},
    {post, "/api/v1/access-keys/{id}/revoke-before", Rule::owner(revoke_access_keys_before),
     "revokeAccessKeysBefore", "Revoke what the same issuer made before a key"},
    {post, "/api/v1/revocations", Rule::owner(create_revocation), "createRevocation",
     "Revoke keys that were made elsewhere"},

    {get, "/api/v1/whitelist", Rule::owner(list_whitelist), "listWhitelist",
     "List who may issue keys"},
    {post, "/api/v1/whitelist", Rule::owner(add_whitelist_entry), "addWhitelistEntry",
     "Let an address issue keys"},
    {remove, "/api/v1/whitelist/{address}", Rule::owner(remove_whitelist_entry),
     "removeWhitelistEntry", "Take an address off a whitelist"},

    {get, "/api/v1/pairing-requests", Rule::owner(list_pairing_requests), "listPairingRequests",
     "List the pairing requests that wait"},
    {post, "/api/v1/pairing-requests/{id}/approve", Rule::owner(approve_pairing_request),
     "approvePairingRequest", "Give the connector a key"},
    {post, "/api/v1/pairing-requests/{id}/deny", Rule::owner(deny_pairing_request),
     "denyPairingRequest", "Send the connector away"},
    {get, "/api/v1/pairing-codes", Rule::owner(list_pairing_codes), "listPairingCodes",
     "Show the live six-digit code, without its digits"},
    {post, "/api/v1/pairing-codes", Rule::owner(create_pairing_code), "createPairingCode",
     "Make a six-digit code"},
    {remove, "/api/v1/pairing-codes/{id}", Rule::owner(delete_pairing_code), "deletePairingCode",
     "End a six-digit code"},
    {get, "/api/v1/invites", Rule::owner(list_invites), "listInvites", "List the invites"},
    {post, "/api/v1/invites", Rule::owner(create_invite), "createInvite", "Make an invite link"},
    {remove, "/api/v1/invites/{nonce}", Rule::owner(revoke_invite), "revokeInvite",
     "Revoke an invite and the key that it gave"},

    {get, "/api/v1/connector", Rule::owner(get_connector), "getConnector",
     "The address that this machine pairs with"},
    {post, "/api/v1/connector/pair-proof", Rule::owner(prove_connector, Repeat::pure),
     "proveConnector", "Sign a pairing with another host"},
    {post, "/api/v1/connector/owner-proof", Rule::owner(prove_owner, Repeat::pure), "proveOwner",
     "Prove the master to another host of the same owner"},

    {post, "/api/v1/devices/challenges", Rule::owner(create_device_challenge, Repeat::pure),
     "createDeviceChallenge", "Begin a registration"},
    {get, "/api/v1/devices", Rule::owner(list_devices), "listDevices", "List the devices"},
    {post, "/api/v1/devices", Rule::owner(register_device), "registerDevice",
     "Register a device by its evidence"},
    {get, "/api/v1/devices/{id}", Rule::owner(get_device), "getDevice", "Show a device"},
    {post, "/api/v1/devices/{id}/revoke", Rule::owner(revoke_device), "revokeDevice",
     "Revoke a device for good"},
    {post, "/api/v1/devices/{id}/evidence", Rule::owner(prove_device, Repeat::pure), "proveDevice",
     "Make the evidence that registers a device of this machine elsewhere"},
    {post, "/api/v1/request-tokens", Rule::owner(sign_request, Repeat::pure), "signRequest",
     "Sign a token for one request"},

    {get, "/api/v1/audit", Rule::owner(list_audit), "listAudit", "Read the audit log"},
    {get, "/api/v1/audit/verify", Rule::owner(verify_audit), "verifyAudit",
     "Recompute the chain of the audit log"},
    {get, "/api/v1/events", Rule::owner_stream(), "streamEvents",
     "Follow what happens, as server-sent events"},

    {get, "/api/v1/status", Rule::owner(get_status), "getStatus",
     "What runs, with counts and warnings"},
    {get, "/api/v1/doctor", Rule::owner(run_doctor), "runDoctor",
     "Look for what is wrong, with repairs"},
    {get, "/api/v1/config", Rule::owner(get_config), "getConfig",
     "Effective configuration and its sources"},

    {get, "/api/v1/credentials", Rule::owner(list_credentials), "listCredentials",
     "List the metrics credentials"},
    {post, "/api/v1/credentials", Rule::owner(create_credential), "createCredential",
     "Make a credential for scraping metrics"},
    {remove, "/api/v1/credentials/{id}", Rule::owner(delete_credential), "deleteCredential",
     "End a credential"},

    {post, "/api/v1/store/backup", Rule::owner(back_up_store), "backUpStore",
     "Copy the store into a new file"},
    {post, "/api/v1/store/check", Rule::owner(check_store), "checkStore",
     "Check the integrity of the store"},

    {get, "/pair/challenge", Rule::everybody(Open::pair), "getPairingChallenge",
     "Draw a nonce for a pairing with a prompt"},
    {post, "/pair", Rule::everybody(Open::pair), "requestPairing",
     "Ask the owner for a key and wait for the answer"},
    {get, "/pair/hello", Rule::everybody(Open::pair), "getPairingHello",
     "The host's name, and whether a six-digit code is live"},
    {post, "/pair/code", Rule::everybody(Open::pair), "startPairingWithCode",
     "First step of a pairing with six digits"},
    {post, "/pair/confirm", Rule::everybody(Open::pair), "confirmPairingWithCode",
     "Second step: prove the code and receive the key"},
    {post, "/pair/unpair", Rule::everybody(Open::pair), "unpairDevice",
     "End the key of a device that was paired with six digits"},
    {post, "/pair-invite", Rule::everybody(Open::pair), "redeemInvite",
     "Redeem an invite, or prove the same master"},

    {post, "/secure/session", Rule::everybody(Open::secure), "openSecureSession",
     "Shake hands for a Secure Channel to an agent"},
    {post, "/secure/call", Rule::everybody(Open::secure), "callSecurely",
     "Make a request inside a Secure Channel"},

    {get, "/.well-known/oauth-protected-resource", Rule::everybody(Open::document),
     "getProtectedResource", "Protected resource metadata (RFC 9728)"},
    {get, "/auth.md", Rule::everybody(Open::document), "getAuthGuide",
     "How to get a key and send it, for agents"},
    {get, "/openapi.json", Rule::everybody(Open::document), "getOpenApi", "This document"},

    {get, "/healthz", Rule::everybody(Open::health), "getHealth",
     "Whether the process serves requests"},
    {get, "/readyz", Rule::everybody(Open::ready), "getReadiness",
     "Whether requests can be answered now"},
    {get, "/metrics", Rule::everybody(Open::metrics), "getMetrics",
     "Metrics in the Prometheus text format"},
};

std::string_view cut_segment(std::string_view& path) {
  const auto end = path.find('/');
  const std::string_view segment = path.substr(0, end);
  path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
  return segment;
}

}  // namespace

std::string_view method_name(Method method) {
  switch (method) {
    case get:
      return "GET";
    case post:
      return "POST";
    case put:
      return "PUT";
    case patch:
      return "PATCH";
    case remove:
      return "DELETE";
  }
  return {};
}

std::span<const Route> routes() { return table; }

std::optional<std::vector<std::string>> match(std::string_view path_template,
                                              std::string_view path) {
  std::vector<std::string> segments;
  while (!path_template.empty() && !path.empty()) {
    if (path_template.front() != '/' || path.front() != '/') return std::nullopt;
    path_template.remove_prefix(1);
    path.remove_prefix(1);
    const std::string_view wanted = cut_segment(path_template);
    const std::string_view given = cut_segment(path);
    if (!wanted.starts_with('{')) {
      if (wanted != given) return std::nullopt;
    } else if (given.empty()) {
      return std::nullopt;
    } else {
      segments.emplace_back(given);
    }
  }
  if (!path_template.empty() || !path.empty()) return std::nullopt;
  return segments;
}

namespace {

/// match() without its segments.
bool fits(std::string_view path_template, std::string_view path) {
  while (!path_template.empty() && !path.empty()) {
    if (path_template.front() != '/' || path.front() != '/') return false;
    path_template.remove_prefix(1);
    path.remove_prefix(1);
    const std::string_view wanted = cut_segment(path_template);
    const std::string_view given = cut_segment(path);
    if (wanted.starts_with('{') ? given.empty() : wanted != given) return false;
  }
  return path_template.empty() && path.empty();
}

/// Which of the templates fits `path` best: a literal segment wins over `{…}`, so the first that
/// fits does.
void look_in(std::span<const Route> routes, std::string_view method, std::string_view path,
             Found& found) {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::string_view known;
  for (const Route& route : routes) {
    if (known.empty() ? !fits(route.path, path) : route.path != known) continue;
    known = route.path;
    if (!found.allow.empty()) found.allow += ", ";
    found.allow += method_name(route.method);
    if (route.method == get && !route.rule.has_no_head()) found.allow += ", HEAD";
    if (method_name(route.method) != wanted || (method == "HEAD" && route.rule.has_no_head()))
      continue;
    found.route = &route;
    found.segments = *match(route.path, path);
  }
}

}  // namespace

bool is_in_space_table(std::string_view path) {
  return path.starts_with("/oresundspace/") || path.starts_with("/space/") ||
         path.starts_with("/join/") || path.starts_with("/oauth/");
}

Found find_route(std::string_view method, std::string_view path) {
  Found found;
  if (is_in_space_table(path)) {
    look_in(space_routes(), method, path, found);
  } else {
    look_in(table, method, path, found);
  }
  return found;
}

}  // namespace kronborg::api
