#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/access_keys.h"
#include "authority/authority.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/secp256k1.h"
#include "identity/address.h"
#include "identity/signed_message.h"
#include "sql/database.h"

namespace kronborg::pairing {

/// What pairing must know of an agent.
struct HostAgent {
  std::string id, name;
  std::optional<std::string> description;
  identity::Address address;
  bool shared = false;
};

/// Joins the transaction that records a new key; an error undoes the key as well.
using InMint = std::function<base::Result<void>(sql::Transaction&, const authority::KeyRecord&)>;

/// What pairing asks of the authority and of the key holder. Thread-safe; calls block.
class Host {
 public:
  virtual ~Host() = default;

  /// Nothing: there is no such agent. Ids are compared without case.
  virtual base::Result<std::optional<HostAgent>> agent_of_id(std::string_view id) = 0;
  virtual base::Result<std::optional<HostAgent>> agent_of_address(const identity::Address& of) = 0;
  virtual base::Result<std::vector<HostAgent>> agents() = 0;
  /// Nothing before set-up.
  virtual std::optional<identity::Address> master() = 0;
  virtual bool locked() = 0;

  /// By the agent's key. Error: identity_locked …
  virtual base::Result<crypto::Signature> sign(identity::Prefix prefix, std::string_view text,
                                               const HostAgent& agent) = 0;
  /// authority::AccessKeys::mint(), with `also` run in the transaction that records the key. The
  /// key text leaves only after that transaction is durable.
  virtual base::Result<authority::Minted> mint(const authority::Actor& actor, authority::NewKey key,
                                               const InMint& also) = 0;
  virtual base::Result<void> revoke(const authority::Actor& actor, std::string_view key_id,
                                    std::string_view reason) = 0;
};

/// Shared by the endpoints of this folder; owned by app. Everything in it outlives them.
struct Parts {
  const authority::Parts& authority;
  Host& host;
  std::string host_name;  ///< for people
  std::string origin;     ///< own origin, no trailing '/'
};

/// An answer 200. Where `key_id` is set it holds a key that was just minted: when it cannot be
/// written, undelivered() is called.
struct Answered200 {
  base::SecretText body;  ///< JSON
  std::optional<std::string> key_id;
};
base::Result<void> undelivered(const Parts& parts, const authority::Actor& actor,
                               std::string_view key_id);

/// sign(), and the signature is checked: when the store knows another address for the agent than
/// its key gives, nothing leaves. `0x` and digits. Errors: those of sign(), keyholder_failed.
base::Result<std::string> signed_by_agent(Host& host, identity::Prefix prefix,
                                          std::string_view text, const HostAgent& agent);

/// mint(), for this agent and its present address. Errors: identity_locked, those of `also` that
/// are listed in `kept`; everything else is mint_failed with `sentence` and the detail `cause`.
base::Result<authority::Minted> mint_for(Host& host, const authority::Actor& actor,
                                         authority::NewKey key,
                                         const std::optional<HostAgent>& agent, const InMint& also,
                                         std::string_view sentence,
                                         std::initializer_list<base::Code> kept = {});

}  // namespace kronborg::pairing
