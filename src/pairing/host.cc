#include "pairing/host.h"

#include <algorithm>

#include "identity/signature_text.h"

namespace kronborg::pairing {

using base::Code;

base::Result<void> undelivered(const Parts& parts, const authority::Actor& actor,
                               std::string_view key_id) {
  return parts.host.revoke(actor, key_id, "undelivered");
}

base::Result<std::string> signed_by_agent(Host& host, identity::Prefix prefix,
                                          std::string_view text, const HostAgent& agent) {
  TRY(const auto signature, host.sign(prefix, text, agent));
  if (identity::recover_signer(prefix, base::bytes_of(text), signature) != agent.address) {
    return base::Error(Code::keyholder_failed,
                       "The key holder signed with another key than the store knows.",
                       "Run 'kronborg doctor'.");
  }
  return identity::signature_text(signature);
}

base::Result<authority::Minted> mint_for(Host& host, const authority::Actor& actor,
                                         authority::NewKey key,
                                         const std::optional<HostAgent>& agent, const InMint& also,
                                         std::string_view sentence,
                                         std::initializer_list<Code> kept) {
  auto minted = host.mint(
      actor, std::move(key),
      [&](sql::Transaction& transaction, const authority::KeyRecord& record) -> base::Result<void> {
        // The agent may have been rotated since it was looked up.
        if (agent && record.audience != agent->address) return Code::agent_address_mismatch;
        return also(transaction, record);
      });
  if (minted) return minted;
  const Code code = minted.error().code;
  if (code == Code::identity_locked || std::ranges::find(kept, code) != kept.end()) {
    return minted.error();
  }
  return base::Error(Code::mint_failed, std::string(sentence))
      .with({.name = "cause", .value = std::string(base::facts(code).name)});
}

}  // namespace kronborg::pairing
