#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "api/members.h"
#include "api/operations.h"
#include "api/render.h"
#include "authority/policy.h"
#include "base/text.h"
#include "http/limits.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;
using base::Code;

constexpr std::size_t max_shown = 200;
constexpr std::size_t max_method = 32;
constexpr std::size_t max_path = http::max_request_line_bytes;

/// The rows of docs/protocol/identity.md section 6.
constexpr std::array<std::string_view, 12> rules = {
    "At most 8192 bytes, in exactly three non-empty parts separated by dots, the first of which is "
    "osk-v1.",
    "The second part is strict base64url.",
    "The third part is 130 lower-case hexadecimal digits.",
    "The payload is flat JSON with the members and types of an access key.",
    "A public key can be recovered from the signature.",
    "The recovered address is the issuer.",
    "The audience is the master or an agent of this authority.",
    "The issuer is known: the master, an agent, or on a whitelist.",
    "The issuer may speak for this audience.",
    "The key is not revoked, and its counter is above the threshold of its issuer.",
    "The key has not expired.",
    "Nothing speaks against the key.",
};

/// What the key is to be used for.
struct Use {
  std::string path;
  std::optional<std::string> agent_id;
};

std::string shown(std::string_view foreign) {
  return base::is_utf8(foreign) ? base::printable(foreign, max_shown)
                                : base::printable("\xEF\xBF\xBD", 1);
}

json::object render(const authority::InspectedClaims& claims) {
  json::object object;
  object["issuer"] = json::string(shown(claims.issuer));
  object["audience"] = json::string(shown(claims.audience));
  object["label"] = json::string(shown(claims.label));
  object["nonce"] = json::string(shown(claims.nonce));
  object["counter"] = render_u64(claims.counter);
  object["issuedAt"] = render_seconds(claims.issued_at);
  if (claims.expires_at) object["expiresAt"] = render_seconds(*claims.expires_at);
  return object;
}

/// The agent that a request for `use` is about; an empty id for one that does not exist.
std::optional<std::string> agent_wanted(const authority::Policy& policy, const Use& use) {
  constexpr std::string_view prefix = "/agents/";
  std::string_view named;
  if (use.agent_id) {
    named = *use.agent_id;
  } else if (use.path.starts_with(prefix)) {
    named = std::string_view(use.path).substr(prefix.size());
    named = named.substr(0, named.find_first_of("/?"));
  } else {
    return std::nullopt;
  }
  const authority::AgentFacts* agent = policy.agent_named(named);
  return agent == nullptr ? std::string() : agent->id;
}

/// identity.md section 9, 403: what a key that is valid may still not do.
std::optional<Code> out_of_scope(const authority::Policy& policy,
                                 const authority::Inspection& inspection, const Use& use) {
  if (use.path.starts_with("/api/v1/")) return Code::owner_required;
  if (inspection.master_audience) return std::nullopt;
  const auto wanted = agent_wanted(policy, use);
  if (!wanted || wanted == inspection.agent_id) return std::nullopt;
  return Code::agent_scope_denied;
}

json::object decision_on(const authority::Inspection& inspection,
                         std::optional<Code> scope_denial) {
  const std::optional<Code> denied = inspection.denied ? inspection.denied : scope_denial;
  json::object body;
  body["decision"] = denied ? "denied" : "valid";
  if (denied) {
    body["code"] = json::string(base::facts(*denied).name);
    body["message"] = json::string(base::facts(*denied).text);
    body["hint"] = json::string(base::facts(*denied).hint);
  }
  json::object rule;
  if (denied && !inspection.denied) {
    rule["text"] = *denied == Code::owner_required
                       ? "No access key opens the management API."
                       : "A key of one agent is not good for another agent.";
  } else {
    rule["row"] = inspection.row;
    rule["text"] = json::string(rules.at(static_cast<std::size_t>(inspection.row) - 1));
  }
  body["rule"] = std::move(rule);
  if (inspection.claims) body["claims"] = render(*inspection.claims);
  if (inspection.recovered) body["recoveredIssuer"] = inspection.recovered->text();
  if (inspection.master_audience) body["scope"] = "master";
  if (inspection.agent_id) {
    body["scope"] = "agent";
    body["agentId"] = *inspection.agent_id;
  }
  return body;
}

}  // namespace

base::Result<Outcome> inspect_access_key(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto key = members.secret("key", http::default_body_limit_bytes, Need::required);
  members.line("method", max_method, Need::optional);  // no rule of the gate depends on it
  Use use{.path = members.line("path", max_path, Need::optional).value_or(""),
          .agent_id = members.uuid("agentId", Need::optional)};
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  const auto policy = desk.nouns.parts.board.current();
  if (use.agent_id && policy->agent_by_id(*use.agent_id) == nullptr) return Code::agent_not_found;
  const auto inspection = authority::inspect(*policy, key->reveal(), desk.nouns.parts.clock.now());
  return Outcome{.body = decision_on(inspection, out_of_scope(*policy, inspection, use))};
}

}  // namespace kronborg::api
