#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "spaces/act.h"

namespace kronborg::spaces {

/// docs/protocol/spaces.md sections 2 and 11.
struct KeyRecord {
  credential::SpaceKeyHash hash{};
  std::string id, holder, hint;
  std::int64_t space = 0;
  KeyType type = KeyType::participant;
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> last_used_at_ms, expires_at_ms, ended_at_ms;
  std::optional<KeyEnd> end;  ///< nothing for one that ended with its space
  /// When it ends by itself: its own end, or that of a rotation's grace time.
  std::optional<std::int64_t> due_at_ms;
  std::optional<KeyEnd> due_end;

  [[nodiscard]] bool is_live(std::int64_t now_ms) const {
    return !ended_at_ms && (!due_at_ms || *due_at_ms > now_ms);
  }
};

struct Minted {
  credential::SpaceKey key;
  std::string key_id;
  std::optional<std::int64_t> expires_at_ms;
};
/// A new key of `holder`; writes `key.minted`. `expires_in_s` absent: no end of its own.
base::Result<Minted> mint_key(Act& act, std::int64_t space, KeyType type, std::string_view holder,
                              std::optional<std::int64_t> expires_in_s);
/// The same with an end at a given time.
base::Result<Minted> mint_key_until(Act& act, std::int64_t space, KeyType type,
                                    std::string_view holder,
                                    std::optional<std::int64_t> expires_at_ms);

/// Ends the live keys of a holder: forgets them, tells their readers (key_ended) and writes
/// `key.revoked`/`key.expired`, with the holder as subject. The ids of those that were live. Looks
/// neither at ownerlessness nor at locks.
base::Result<std::vector<std::string>> end_keys_of(Act& act, std::int64_t space,
                                                   std::string_view holder, KeyEnd end);
/// Ends one key the same way. When it was the last key of the owner, the space becomes ownerless;
/// when it was the last of a participant, its locks are released; when it was that of a live
/// invitation, the invitation ends too. Nothing for a dead one. A key whose own end has come ends
/// with that, whatever `end` says.
base::Result<void> end_key(Act& act, const KeyRecord& key, KeyEnd end);
/// Hashes of live keys of a holder, or of the whole space: for Act::forget after a change of what
/// they may do.
base::Result<std::vector<credential::SpaceKeyHash>> live_hashes(Act& act, std::int64_t space,
                                                                std::string_view holder);
base::Result<std::vector<credential::SpaceKeyHash>> live_hashes(Act& act, std::int64_t space);

/// Those of one holder; without one, of the whole space. Dead ones included: all live keys and the
/// newest 1,000. Oldest first.
base::Result<std::vector<KeyRecord>> list_keys(Act& act, std::int64_t space,
                                               std::optional<std::string_view> holder);
/// Error: not_found (object "key").
base::Result<KeyRecord> read_key_record(Act& act, std::int64_t space, std::string_view key_id);

struct Rotated {
  Minted key;
  std::string previous_key_id;
  std::int64_t previous_valid_until_ms = 0;
  bool ended_caller = false;  ///< the key that was used is dead
};
/// The caller's key gives way to a new one (section 11.1). Of several live keys the newest has the
/// grace time, the older ones end at once.
base::Result<Rotated> rotate_key(Act& act, const Caller& caller, std::int64_t grace_s,
                                 std::optional<std::int64_t> expires_in_s);
/// `DELETE <space>/keys/:keyId`. Errors: not_found, role_forbidden (another's key, not the owner),
/// last_owner_key unless `force`.
base::Result<KeyRecord> revoke_key(Act& act, const Caller& caller, std::string_view key_id,
                                   bool force);
/// `/oauth/revoke`: whoever presents it may end it, and is the actor. Nothing for a key that is not
/// known or dead.
base::Result<void> revoke_presented(Act& act, const credential::SpaceKeyHash& hash);

/// key.first_used, once; the owner's first use also takes the `unused` end off the space.
base::Result<void> note_first_use(Act& act, const Caller& caller);

base::json::object render(const KeyRecord& key, std::string_view space_id);

}  // namespace kronborg::spaces
