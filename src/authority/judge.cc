#include "authority/verify.h"

namespace kronborg::authority {

namespace {

// docs/protocol/identity.md section 7
bool may_speak_for(const Policy& policy, const identity::Address& issuer,
                   const identity::Address& audience) {
  if (issuer == audience || policy.speaks_for_all(issuer)) return true;
  const auto list = policy.agent_whitelists.find(audience);
  return list != policy.agent_whitelists.end() && list->second.contains(issuer);
}

bool is_revoked(const Policy& policy, const Claim& claim) {
  const auto threshold = policy.thresholds.find(claim.issuer);
  if (threshold != policy.thresholds.end() && claim.counter <= threshold->second) return true;
  return policy.revocations.contains(claim.issuer, claim.nonce);
}

}  // namespace

std::optional<base::Code> judge(const Policy& policy, const Claim& claim,
                                std::optional<std::int64_t> now) {
  const auto& audience = claim.audience;
  if (!audience || (audience != policy.master && !policy.agents.contains(*audience))) {
    return base::Code::audience_mismatch;
  }
  if (!may_speak_for(policy, claim.issuer, *audience)) {
    return policy.is_known(claim.issuer) ? base::Code::issuer_not_allowed
                                         : base::Code::issuer_not_whitelisted;
  }
  if (is_revoked(policy, claim)) return base::Code::key_revoked;
  if (now && claim.expires_at && *now >= *claim.expires_at) return base::Code::key_expired;
  return std::nullopt;
}

std::optional<base::Code> judge(const Policy& policy, const credential::AccessKeyClaims& claims,
                                const identity::Address& recovered, std::int64_t now) {
  if (identity::Address::parse(claims.issuer) != recovered) return base::Code::issuer_mismatch;
  return judge(policy,
               Claim{.issuer = recovered,
                     .audience = identity::Address::parse(claims.audience),
                     .nonce = claims.nonce,
                     .counter = claims.counter,
                     .expires_at = claims.expires_at},
               now);
}

}  // namespace kronborg::authority
