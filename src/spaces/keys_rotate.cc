#include <algorithm>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "spaces/key_rows.h"
#include "spaces/keys.h"
#include "spaces/space.h"

namespace kronborg::spaces {
namespace {

/// The live keys of the caller's holder; the newest is the last one. One in its grace time is older
/// than the one that replaced it, also when both were made in the same millisecond.
base::Result<std::vector<KeyRecord>> keys_to_replace(Act& act, const Caller& caller) {
  TRY(auto keys, unended_keys(act, caller.space, text_of(caller.holder)));
  std::erase_if(keys, [&](const KeyRecord& key) { return !key.is_live(act.now_ms); });
  std::ranges::sort(keys, {}, [](const KeyRecord& key) {
    return std::tuple(key.due_end != KeyEnd::rotated, key.created_at_ms, key.id);
  });
  return keys;
}

/// Lets a key live on until `until_ms`, or its own earlier end; when that is.
base::Result<std::int64_t> put_grace(Act& act, const KeyRecord& key, std::int64_t until_ms) {
  if (key.due_at_ms && *key.due_at_ms <= until_ms) return *key.due_at_ms;
  TRY_VOID(act.run("UPDATE space_keys SET due_at_ms = $2, due_reason = $3 WHERE hash = $1",
                   credential::hash_text(key.hash), until_ms, static_cast<int>(KeyEnd::rotated)));
  act.forget({key.hash});
  return until_ms;
}

}  // namespace

base::Result<Rotated> rotate_key(Act& act, const Caller& caller, std::int64_t grace_s,
                                 std::optional<std::int64_t> expires_in_s) {
  const std::string own_id = text_of(caller.key_id);
  TRY(const auto keys, keys_to_replace(act, caller));
  if (keys.empty()) return base::Code::key_unknown;
  const KeyRecord& previous = keys.back();
  TRY(Minted minted,
      mint_key(act, caller.space, caller.type, text_of(caller.holder), expires_in_s));
  std::int64_t valid_until_ms = act.now_ms;
  if (grace_s > 0) {
    TRY(valid_until_ms, put_grace(act, previous, act.now_ms + grace_s * 1000));
  }
  TRY_VOID(act.note(caller.space, {.event = "key.rotated",
                                   .subject = previous.holder,
                                   .key_id = previous.id,
                                   .detail = {{"successorKeyId", minted.key_id},
                                              {"validUntil", base::iso_time(valid_until_ms)}}}));
  Rotated rotated{.key = std::move(minted),
                  .previous_key_id = previous.id,
                  .previous_valid_until_ms = valid_until_ms};
  for (const KeyRecord& key : keys) {
    if (&key == &previous && grace_s > 0) continue;
    TRY_VOID(put_end(act, key, KeyEnd::rotated));
    if (key.id == own_id) rotated.ended_caller = true;
  }
  return rotated;
}

base::Result<void> note_first_use(Act& act, const Caller& caller) {
  TRY(const auto noted, act.run("UPDATE space_keys SET last_used_at_ms = $2 "
                                "WHERE hash = $1 AND last_used_at_ms IS NULL",
                                credential::hash_text(caller.hash), act.now_ms));
  if (noted.changed == 0) return {};
  TRY_VOID(act.note(caller.space, {.event = "key.first_used",
                                   .subject = text_of(caller.holder),
                                   .key_id = text_of(caller.key_id)}));
  act.forget({caller.hash});
  if (caller.type != KeyType::owner) return {};
  TRY(const auto used, act.run("UPDATE spaces SET unused_until_ms = NULL WHERE number = $1 "
                               "AND unused_until_ms IS NOT NULL AND state = 0",
                               caller.space));
  if (used.changed == 0) return {};
  return set_due(act, caller.space);
}

}  // namespace kronborg::spaces
