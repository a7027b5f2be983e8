#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "credential/space_key.h"
#include "identity/address.h"
#include "spaces/kinds.h"
#include "spaces/parts.h"

namespace kronborg::spaces {

using Uuid = std::array<std::uint8_t, 16>;
std::string text_of(const Uuid& id);  ///< lower case with hyphens
std::optional<Uuid> uuid_of(std::string_view text);

/// What is known of a live key: all that a decision needs, so that one costs no look into the
/// store.
struct Caller {
  credential::SpaceKeyHash hash{};
  Uuid key_id{};
  Uuid space_id{};
  Uuid holder{};           ///< participant, or invitation for KeyType::invitation
  std::int64_t space = 0;  ///< number of the space in the store
  std::int64_t created_at_ms = 0;
  std::int64_t ends_at_ms = 0;               ///< the earliest end of key and space; 0: none
  std::int64_t key_expires_at_ms = 0;        ///< as shown; 0: none
  std::int64_t muted_until_ms = 0;           ///< 0: not muted; forever: without end
  std::optional<identity::Address> address;  ///< proven
  std::array<char, 4> hint{};
  KeyType type = KeyType::participant;
  bool used_before = false;  ///< key.first_used has been written

  static constexpr std::int64_t forever = INT64_MAX;
  [[nodiscard]] bool is_muted(std::int64_t now_ms) const { return muted_until_ms > now_ms; }
};

/// A key that is known and dead (docs/protocol/spaces.md section 2).
struct DeadKey {
  std::string_view code;    ///< key_revoked, key_expired, space_closed
  std::string_view reason;  ///< section 11.2
  std::int64_t ended_at_ms = 0;
  /// The space has ended too, for this reason and at this time; empty: it is open.
  std::string_view space_reason = {};
  std::int64_t space_ended_at_ms = 0;
  Caller was;  ///< what it was good for, as far as it is still known: a repeat of the request that
               ///< ended it is told from it
};
struct UnknownKey {};
using Found = std::variant<Caller, DeadKey, UnknownKey>;

/// The live keys, in memory as they are used. A key is looked up by its hash; what a commit changes
/// about it is forgotten before the commit is acknowledged, so nothing that a key may do outlives
/// the answer that took it away. Bounded. Thread-safe: one short lock of a part of the table.
class Directory {
 public:
  static constexpr std::size_t default_capacity = 1'200'000;
  explicit Directory(std::size_t capacity = default_capacity);

  /// Memory only: the caller when it is known here and alive at `now_ms`, else nothing is known.
  [[nodiscard]] std::optional<Caller> known(const credential::SpaceKeyHash& hash,
                                            std::int64_t now_ms) const;
  struct Used {
    Caller caller;
    bool is_due = false;  ///< the first use in `every_ms` milliseconds, as far as memory knows
  };
  /// known(), and whether this use is one to write down.
  [[nodiscard]] std::optional<Used> use(const credential::SpaceKeyHash& hash, std::int64_t now_ms,
                                        std::int64_t every_ms);
  /// From the store, remembered when it is alive. Waits.
  base::Result<Found> find(const Parts& parts, const credential::SpaceKeyHash& hash);

  /// On the writer's thread, after the commit that changed what these keys may do.
  void forget(std::span<const credential::SpaceKeyHash> hashes);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const credential::SpaceKeyHash& hash) const;
  };
  struct Entry {
    Caller caller;
    std::int64_t noted_at_ms = 0;  ///< last use that was due
    [[nodiscard]] bool is_good(std::int64_t now_ms) const {
      return caller.ends_at_ms == 0 || caller.ends_at_ms > now_ms;
    }
  };
  struct Shard {
    mutable std::mutex mutex;
    boost::unordered_flat_map<credential::SpaceKeyHash, Entry, Hash> entries;  // guarded by mutex
    std::uint64_t forgotten = 0;  ///< rises with every forget(); guarded by mutex
  };
  static constexpr std::size_t shard_count = 64;
  Shard& shard_of(const credential::SpaceKeyHash& hash);
  [[nodiscard]] const Shard& shard_of(const credential::SpaceKeyHash& hash) const;

  const std::size_t capacity_per_shard_;
  std::array<Shard, shard_count> shards_;
};

/// What the store says of a key inside a transaction.
base::Result<Found> read_key(sql::Transaction& transaction, const credential::SpaceKeyHash& hash,
                             std::int64_t now_ms);

}  // namespace kronborg::spaces
