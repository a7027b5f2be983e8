#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "crypto/secp256k1.h"
#include "identity/address.h"

namespace kronborg::bench {

/// Somebody else's identity, whose private key a bench holds.
struct Issuer {
  crypto::PrivateKey key;
  identity::Address address;
};

std::vector<Issuer> make_issuers(std::size_t count, base::Random& random);

/// Access keys (docs/protocol/identity.md section 5) for `audience`, no two alike, good for 30 days
/// from `now` (seconds), signed by the issuers in turn.
std::vector<std::string> make_keys(std::span<const Issuer> issuers,
                                   const identity::Address& audience, std::size_t count,
                                   std::int64_t now, base::Random& random);

}  // namespace kronborg::bench
