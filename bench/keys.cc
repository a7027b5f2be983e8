#include "keys.h"

#include "base/encoding.h"
#include "credential/access_key.h"
#include "identity/signed_message.h"

namespace kronborg::bench {

std::vector<Issuer> make_issuers(std::size_t count, base::Random& random) {
  std::vector<Issuer> issuers(count);
  for (Issuer& issuer : issuers) {
    do {
      random.fill(issuer.key.fill());
    } while (!crypto::is_private_key(issuer.key.reveal()));
    issuer.address = identity::address_of(issuer.key);
  }
  return issuers;
}

std::vector<std::string> make_keys(std::span<const Issuer> issuers,
                                   const identity::Address& audience, std::size_t count,
                                   std::int64_t now, base::Random& random) {
  std::vector<std::string> keys;
  keys.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Issuer& issuer = issuers[i % issuers.size()];
    std::array<std::uint8_t, 16> nonce{};
    random.fill(nonce);
    const auto payload = credential::access_key_payload(
        {.issuer = issuer.address,
         .audience = audience,
         .label = "bench",
         .nonce = base::hex(nonce),
         .counter = static_cast<std::uint64_t>(now) * 1000 + i,
         .issued_at = now,
         .expires_at = credential::expires_at(credential::Expiry::days_30, now)});
    const auto signature =
        identity::sign(issuer.key, identity::Prefix::access, base::bytes_of(payload));
    keys.emplace_back(credential::access_key_text(payload, signature).reveal());
  }
  return keys;
}

}  // namespace kronborg::bench
