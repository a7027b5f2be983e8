#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "identity/address.h"
#include "identity/device_id.h"
#include "sql/database.h"

namespace kronborg::authority {

/// What is raised when a request token is accepted (docs/protocol/identity.md section 11, row 22).
struct TokenClaim {
  identity::Address issuer;
  identity::DeviceId device;
  std::uint64_t counter = 0;
  std::optional<std::uint32_t> assertion_count;  ///< of an App Attest assertion
  std::int64_t now_ms = 0;
  bool ahead = false;  ///< `iat` lies after now
};

/// The last counter of each (issuer, device), and of each App Attest device. To accept is to raise:
/// of many copies of a token exactly one is accepted. Thread-safe.
///
/// On SQLite, which one process has for itself, the counters are in memory under one short lock and
/// reach the store by flush(); what a crash takes is covered by start(). On PostgreSQL they are
/// raised in the store. Memory is bounded by the devices that the owner has registered, times the
/// issuers that may use them: only what was accepted is remembered.
class Replay {
 public:
  /// To be made when the store has been taken, so that whatever accepted tokens before has ended.
  Replay(sql::Database& database, const base::Clock& clock);

  /// Reads what was flushed. Once, before anything is accepted.
  base::Result<void> load();

  /// Row 14: no token that was issued before this second is accepted. Unix seconds, rounded up; not
  /// before the latest use that was flushed, should the clock have been set back since.
  [[nodiscard]] std::int64_t start() const { return start_; }
  /// Whether every token is decided by the store.
  [[nodiscard]] bool in_store() const { return in_store_; }
  /// Whether accept_durably() must decide: it blocks, accept() does not.
  [[nodiscard]] bool needs_store(const TokenClaim& claim) const { return in_store_ || claim.ahead; }

  /// Accepts and raises, or the code of the refusal: device_assertion_invalid (row 21, the counter
  /// of the assertion) or request_token_replayed. Precondition: not needs_store(claim).
  std::optional<base::Code> accept(const TokenClaim& claim);
  /// The same with the counter in the store before it returns. On PostgreSQL also device_unknown
  /// and device_revoked, when another host knows better. An error is no acceptance: nothing has
  /// been raised.
  base::Result<std::optional<base::Code>> accept_durably(const TokenClaim& claim);

  /// Writes what was raised since the last time, in one transaction. Every second, and at the end.
  /// On an error it is tried again at the next call.
  base::Result<void> flush();

 private:
  struct Key {
    identity::Address issuer;
    identity::DeviceId device;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return identity::Address::Hash{}(key.issuer) ^ identity::DeviceId::Hash{}(key.device);
    }
  };
  struct Counter {
    std::uint64_t last = 0;
    bool changed = false;  ///< stands in changed_counters_
  };
  struct Device {
    std::uint32_t assertion_count = 0;
    std::int64_t seen_ms = 0;
    bool changed = false;  ///< stands in changed_devices_
  };
  /// What one flush writes.
  struct Changes {
    std::vector<std::pair<Key, std::uint64_t>> counters;
    std::vector<std::pair<identity::DeviceId, Device>> devices;
  };
  /// What stood before a claim was raised.
  struct Before {
    std::optional<std::uint64_t> counter;
    std::uint32_t assertion_count = 0;
  };
  std::optional<base::Code> raise(const TokenClaim& claim, Before& before);
  void lower(const TokenClaim& claim, const Before& before);
  Changes take_changes();
  void put_back(const Changes& changes);
  static base::Result<void> write(sql::Transaction& transaction, const Changes& changes);
  base::Result<void> read(sql::Transaction& transaction);
  void note(const Key& key, Counter& counter);
  void note(const identity::DeviceId& id, Device& device);

  // Constant after load().
  sql::Database& database_;
  const bool in_store_;
  std::int64_t start_;
  // Guarded by mutex_.
  std::mutex mutex_;
  boost::unordered_flat_map<Key, Counter, KeyHash> counters_;
  boost::unordered_flat_map<identity::DeviceId, Device, identity::DeviceId::Hash> devices_;
  std::vector<Key> changed_counters_;
  std::vector<identity::DeviceId> changed_devices_;
};

}  // namespace kronborg::authority
