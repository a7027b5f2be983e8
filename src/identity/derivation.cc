#include "identity/derivation.h"

#include <array>
#include <initializer_list>

#include "crypto/hash.h"

namespace kronborg::identity {
namespace {

constexpr std::array<std::uint8_t, 1> zero_byte{0};

std::array<std::uint8_t, 4> big_endian(std::uint32_t number) {
  return {static_cast<std::uint8_t>(number >> 24U), static_cast<std::uint8_t>(number >> 16U),
          static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
}

std::optional<crypto::PrivateKey> derive(const crypto::PrivateKey& master,
                                         std::initializer_list<base::BytesView> message) {
  const base::Secret<64> mac = crypto::hmac_sha512(master.reveal(), message);
  crypto::PrivateKey key(mac.reveal().first<32>());
  if (!crypto::is_private_key(key.reveal())) return std::nullopt;
  return key;
}

}  // namespace

std::optional<crypto::PrivateKey> derive_agent_key(const crypto::PrivateKey& master,
                                                   const AgentIndex& which) {
  const auto index = big_endian(which.index);
  if (which.scope.empty()) return derive(master, {base::bytes_of("osaurus-agent-v1"), index});
  return derive(
      master, {base::bytes_of("osaurus-agent-v2"), base::bytes_of(which.scope), zero_byte, index});
}

std::optional<crypto::PrivateKey> derive_pairing_key(const crypto::PrivateKey& master) {
  return derive(master, {base::bytes_of("osaurus-pair-v1")});
}

std::optional<crypto::PrivateKey> derive_connect_key(const crypto::PrivateKey& master,
                                                     std::string_view device_id) {
  return derive(master,
                {base::bytes_of("osaurus-connect-v1"), base::bytes_of(device_id), zero_byte});
}

crypto::PrivateKey new_master_key(base::Random& random) {
  crypto::PrivateKey key;
  do {
    random.fill(key.fill());
  } while (!crypto::is_private_key(key.reveal()));
  return key;
}

}  // namespace kronborg::identity
