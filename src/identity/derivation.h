#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "crypto/p256.h"
#include "crypto/secp256k1.h"
#include "identity/device_id.h"

namespace kronborg::identity {

// docs/protocol/identity.md section 4: everything but the master key is derived from it with
// HMAC-SHA512 when it is needed, and never stored.

enum class KeyKind : std::uint8_t { master, agent, pairing, connect };

/// Which agent key. An empty scope means the v1 form; otherwise the scope is the device id of the
/// host device. Every u32 is a legal index.
struct AgentIndex {
  std::string scope;
  std::uint32_t index = 0;

  auto operator<=>(const AgentIndex&) const = default;
  bool operator==(const AgentIndex&) const = default;
};

// Each of these yields nothing when the 32 bytes are not a private key (about 1 in 2^128); an agent
// index is then passed over for good. Precondition: crypto::is_private_key(master).

std::optional<crypto::PrivateKey> derive_agent_key(const crypto::PrivateKey& master,
                                                   const AgentIndex& which);
std::optional<crypto::PrivateKey> derive_pairing_key(const crypto::PrivateKey& master);
/// `device_id` may be empty.
std::optional<crypto::PrivateKey> derive_connect_key(const crypto::PrivateKey& master,
                                                     std::string_view device_id);

/// 32 random bytes, drawn again until they are a private key.
crypto::PrivateKey new_master_key(base::Random& random);

}  // namespace kronborg::identity
