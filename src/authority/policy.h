#pragma once

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/revocation_set.h"
#include "crypto/p256.h"
#include "identity/address.h"
#include "identity/device_id.h"

namespace kronborg::authority {

/// What the gate must know of an agent.
struct AgentFacts {
  std::string id;  ///< UUID
  std::string name;
  identity::Address address;
  std::optional<std::string> upstream;  ///< its own upstream URL
  std::uint32_t index = 0;              ///< of its key (docs/protocol/identity.md section 4)
};

/// A device whose requests are accepted (docs/protocol/identity.md section 12.1).
struct DeviceFacts {
  identity::DeviceId id;
  identity::DeviceKind kind = identity::DeviceKind::software;
  identity::Address issuer;                    ///< whom it speaks for; the master: its agents too
  std::optional<crypto::P256Verifier> key;     ///< nothing: a software device without one
  std::array<std::uint8_t, 32> app_id_hash{};  ///< apple_attest only: SHA-256 of the app id
  std::string name;                            ///< may be empty
  bool revoked = false;
};

/// Everything a decision needs, immutable. One committed state of the store.
struct Policy {
  std::uint64_t epoch = 0;                  ///< rises with every change
  std::optional<identity::Address> master;  ///< nothing before set-up: every key is
                                            ///< audience_mismatch
  bool any_key_record = false;              ///< revoked ones counted; decides no_keys_configured
  boost::unordered_flat_map<identity::Address, std::shared_ptr<const AgentFacts>,
                            identity::Address::Hash>
      agents;
  boost::unordered_flat_set<identity::Address, identity::Address::Hash> master_whitelist;
  /// agent address -> its own whitelist
  boost::unordered_flat_map<identity::Address,
                            boost::unordered_flat_set<identity::Address, identity::Address::Hash>,
                            identity::Address::Hash>
      agent_whitelists;
  boost::unordered_flat_map<identity::Address, std::uint64_t, identity::Address::Hash> thresholds;
  RevocationSet revocations;
  boost::unordered_flat_map<identity::DeviceId, std::shared_ptr<const DeviceFacts>,
                            identity::DeviceId::Hash>
      devices;

  /// The master or an agent of it.
  [[nodiscard]] bool is_own(const identity::Address& issuer) const {
    return issuer == master || agents.contains(issuer);
  }
  /// The master or an issuer of the master whitelist: it may speak for any audience.
  [[nodiscard]] bool speaks_for_all(const identity::Address& issuer) const {
    return issuer == master || master_whitelist.contains(issuer);
  }
  /// Own, or on any whitelist.
  [[nodiscard]] bool is_known(const identity::Address& issuer) const;
  [[nodiscard]] const AgentFacts* agent_by_id(std::string_view id) const;
  /// Name, UUID or address.
  [[nodiscard]] const AgentFacts* agent_named(std::string_view text) const;
};

/// Holds the newest policy. Writers publish in the order of the commits; readers look at epoch()
/// (one atomic load) and fetch anew only when it moved. Thread-safe.
class PolicyBoard {
 public:
  PolicyBoard();
  [[nodiscard]] std::uint64_t epoch() const { return epoch_.load(std::memory_order_seq_cst); }
  [[nodiscard]] std::shared_ptr<const Policy> current() const;
  /// Copies the current policy, lets `change` edit the copy, makes it current. When it returns,
  /// every request that begins is judged by it.
  void publish(const std::function<void(Policy&)>& change);

 private:
  std::mutex publishing_;  // held while a change is made, so that readers do not wait for it
  mutable std::mutex mutex_;
  std::shared_ptr<const Policy> current_;  // guarded by mutex_
  std::atomic<std::uint64_t> epoch_{0};
};

}  // namespace kronborg::authority
