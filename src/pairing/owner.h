#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "crypto/x25519.h"
#include "identity/address.h"
#include "pairing/host.h"

namespace kronborg::pairing {

/// What another device of the owner sends (docs/protocol/pairing.md section 7), rows 2 to 6.
struct OwnerRedeem {
  identity::Address agent;
  std::string device_id;
  std::string device_name;  ///< may be empty
  bool proves = false;      ///< step 2
  std::string nonce, wallet_signature, enc_pub;
  crypto::X25519PublicKey enc_key{};
};
/// Errors: owner_redeem_version, owner_redeem_address, owner_redeem_device_id,
/// owner_redeem_device_name, encryption_key_invalid.
base::Result<OwnerRedeem> read_owner_redeem(const base::json::value& owner_redeem);

/// Owner redeem: proof of the same master gives a key for one agent. Thread-safe; calls block.
class OwnerRedeems {
 public:
  static constexpr std::size_t most = 256;
  static constexpr std::int64_t life_s = 120;

  explicit OwnerRedeems(const Parts& parts) : parts_(parts) {}

  /// Either step. Errors: those of read_owner_redeem(), identity_locked ("Host identity is
  /// unavailable right now"), owner_redeem_nonce, owner_redeem_signature, agent_unknown,
  /// mint_failed.
  base::Result<Answered200> answer(const authority::Actor& actor,
                                   const base::json::value& owner_redeem);

  [[nodiscard]] std::size_t outstanding() const;

 private:
  struct Challenge {
    identity::Address agent;
    std::string device_id, nonce;
    std::int64_t drawn_ms = 0;
  };

  base::Result<Answered200> challenge(const OwnerRedeem& redeem);
  base::Result<Answered200> redeem(const authority::Actor& actor, const OwnerRedeem& redeem);
  bool use(const OwnerRedeem& redeem);
  void drop_ended();
  base::Result<authority::Minted> mint(const authority::Actor& actor, const OwnerRedeem& redeem,
                                       const HostAgent& agent);

  // Constant after construction.
  const Parts& parts_;
  // Guarded by mutex_. In the order in which they were drawn; one per agent and device.
  mutable std::mutex mutex_;
  std::list<Challenge> drawn_;
};

}  // namespace kronborg::pairing
