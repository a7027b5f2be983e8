#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "authority/verify.h"

// What request tokens have of their own beside the rows of token_verifier.cc.

namespace kronborg::authority {

namespace {

constexpr std::string_view of_keys = "Invalid access key: ";
constexpr std::string_view of_tokens = "Invalid request token: ";

/// Codes that access keys have too, with what mends a token.
struct SharedHint {
  base::Code code;
  std::string_view hint;
};
constexpr std::array shared_hints{
    SharedHint{base::Code::token_format,
               "A request token has four parts: header.payload.signature.assertion."},
    SharedHint{base::Code::payload_encoding, "Write the payload as base64url without padding."},
    SharedHint{base::Code::signature_encoding,
               "Write the signature as 130 lower-case hexadecimal digits without 0x."},
    SharedHint{base::Code::payload_malformed,
               "Send one flat JSON object with iss, dev, cnt, iat, exp, aud and act."},
    SharedHint{base::Code::signature_invalid,
               "Sign with a low S and v 27 or 28, under 'Osaurus Signed Message'."},
    SharedHint{base::Code::issuer_mismatch,
               "Sign the payload with the key of iss, under 'Osaurus Signed Message'."},
    SharedHint{base::Code::issuer_not_whitelisted,
               "The owner can add the issuer: kronborg whitelist add <address>"},
    SharedHint{base::Code::issuer_not_allowed, "The issuer no longer speaks for this agent."},
};

/// Whether the scope of a caller still holds `audience`.
bool still_speaks_for(const Policy& policy, const identity::Address& issuer,
                      const identity::Address& audience) {
  if (policy.speaks_for_all(issuer)) return true;
  if (!policy.agents.contains(audience)) return false;
  if (issuer == audience) return true;
  const auto list = policy.agent_whitelists.find(audience);
  return list != policy.agent_whitelists.end() && list->second.contains(issuer);
}

}  // namespace

base::Error Denied::error() const {
  if (!request_token) return code;
  const auto shared = std::ranges::find(shared_hints, code, &SharedHint::code);
  if (shared == shared_hints.end()) return code;
  std::string message(of_tokens);
  message += base::facts(code).text.substr(of_keys.size());
  return {code, std::move(message), std::string(shared->hint)};
}

void Caller::describe(const Policy& policy) {
  agent_.reset();
  agents_.clear();
  audience_ = {};
  scope_ = policy.speaks_for_all(issuer_) ? Scope::master : Scope::agent;
  if (scope_ == Scope::master) {
    audience_ = *policy.master;
  } else if (const auto own = policy.agents.find(issuer_); own != policy.agents.end()) {
    agent_ = own->second;
  } else {
    for (const auto& [address, list] : policy.agent_whitelists) {
      const auto agent = policy.agents.find(address);
      if (list.contains(issuer_) && agent != policy.agents.end()) agents_.push_back(agent->second);
    }
    if (agents_.size() == 1) {
      agent_ = std::move(agents_.front());
      agents_.clear();
    }
  }
  if (agent_ != nullptr) audience_ = agent_->address;
  write_fields();
}

std::optional<base::Code> judge_token_stream(const Policy& policy, const StreamTicket& ticket) {
  if (!policy.is_known(ticket.issuer)) return base::Code::issuer_not_whitelisted;
  const auto device = policy.devices.find(*ticket.device);
  if (device == policy.devices.end()) return base::Code::device_unknown;
  if (device->second->revoked) return base::Code::device_revoked;
  if (!still_speaks_for(policy, ticket.issuer, ticket.audience)) {
    return base::Code::issuer_not_allowed;
  }
  return std::nullopt;
}

}  // namespace kronborg::authority
