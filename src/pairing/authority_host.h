#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "authority/access_keys.h"
#include "authority/agents.h"
#include "authority/authority.h"
#include "pairing/host.h"

namespace kronborg::pairing {

/// The Host of this authority and its key holder. Everything given outlives it.
class AuthorityHost final : public Host {
 public:
  AuthorityHost(const authority::Parts& parts, authority::Agents& agents,
                authority::AccessKeys& access_keys)
      : parts_(parts), agents_(agents), access_keys_(access_keys) {}

  base::Result<std::optional<HostAgent>> agent_of_id(std::string_view id) override;
  base::Result<std::optional<HostAgent>> agent_of_address(const identity::Address& of) override;
  base::Result<std::vector<HostAgent>> agents() override;
  std::optional<identity::Address> master() override;
  bool locked() override;
  base::Result<crypto::Signature> sign(identity::Prefix prefix, std::string_view text,
                                       const HostAgent& agent) override;
  base::Result<authority::Minted> mint(const authority::Actor& actor, authority::NewKey key,
                                       const InMint& also) override;
  base::Result<void> revoke(const authority::Actor& actor, std::string_view key_id,
                            std::string_view reason) override;

 private:
  base::Result<std::optional<authority::AgentRecord>> record(std::string_view id);

  const authority::Parts& parts_;
  authority::Agents& agents_;
  authority::AccessKeys& access_keys_;
};

}  // namespace kronborg::pairing
