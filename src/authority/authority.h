#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "authority/policy.h"
#include "authority/verify.h"
#include "base/clock.h"
#include "base/random.h"
#include "credential/access_key.h"
#include "keyholder/keyholder.h"
#include "sql/database.h"

namespace kronborg::authority {

/// Who asks for a change, for its audit row.
struct Actor {
  std::string actor;  ///< "owner", "system"
  std::optional<std::string> source_address;
  std::string request_id;
};

struct AgentRecord {
  std::string id, name;
  std::optional<std::string> description, upstream;
  identity::Address address;
  std::uint32_t index = 0;
  std::string scope;  ///< device id; empty: v1
  std::int64_t created_at_ms = 0;
  bool shared = false;
  std::int64_t key_count = 0;  ///< live keys whose audience it is
};

struct KeyRecord {
  std::string id, label, nonce, hint;
  identity::Address issuer, audience;
  std::uint64_t counter = 0;
  std::optional<std::string> agent_id;  ///< scope agent
  bool master_scope = false;
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> expires_at;  ///< seconds
  std::optional<std::int64_t> last_used_at_ms;
  std::optional<std::string> last_used_from;
  std::int64_t use_count = 0;
  std::optional<std::int64_t> revoked_at_ms;
  std::optional<std::string> revoked_reason, source;
  bool legacy = false;
};

struct WhitelistEntry {
  identity::Address address;
  std::optional<std::string> agent_id;  ///< nothing: the master list
  std::string label;
  std::int64_t created_at_ms = 0;
};

struct AuditEvent {
  std::int64_t seq = 0;
  std::string id;
  std::int64_t at_ms = 0;
  std::string type, actor, subject, detail;  ///< detail: JSON object as text
  std::optional<std::string> source_address;
  std::string request_id;
};

struct Page {
  std::int64_t after = 0;  ///< position of the cursor; 0: from the start
  int limit = 100;         ///< 1..500
};

/// One page of a list, in the order in which things were made.
template <class T>
struct Listed {
  std::vector<T> items;
  std::int64_t last = 0;  ///< Page::after of the next page
  bool has_more = false;
};

struct IdentityFacts {
  identity::Address master;
  std::string device_id;
  std::string keystore;  ///< kind
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> bundle_updated_at_ms;
  std::optional<std::string> recovery_folder;

  [[nodiscard]] std::optional<std::filesystem::path> recovery_path() const {
    if (!recovery_folder) return std::nullopt;
    return std::filesystem::path(*recovery_folder);
  }
};

/// What background work watches. Thread-safe; raised after the change is durable.
struct Signals {
  /// Rises with every change of what the recovery bundle holds. app rewrites the bundle within 5 s
  /// of a change (docs/protocol/identity.md 14.3): read this, then bundle_content(), then rewrite.
  std::atomic<std::uint64_t> bundle{0};
  /// Sequence number of the newest audit row.
  std::atomic<std::int64_t> audit{0};
};

/// Shared by the nouns of this folder (identity.h, agents.h, access_keys.h, whitelist.h, audit.h);
/// owned by app. Everything in it outlives them.
struct Parts {
  sql::Database& database;
  PolicyBoard& board;
  keyholder::KeyHolder& key_holder;
  const base::Clock& clock;
  base::Random& random;
  std::filesystem::path data_folder;
  Signals& signals;
};

}  // namespace kronborg::authority
