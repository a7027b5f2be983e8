#include <algorithm>
#include <utility>

#include "spaces/artifact.h"
#include "spaces/key_rows.h"
#include "spaces/keys.h"
#include "spaces/space.h"

namespace kronborg::spaces {
namespace {

void tell_end(Act& act, const KeyRecord& key, KeyEnd end) {
  if (key.type == KeyType::invitation) return;  // no stream is read with it
  const base::json::object data{
      {"code", code_of(end)}, {"reason", name_of(end)}, {"keyId", key.id}};
  Notice notice;
  notice.kind = NoticeKind::key_ended;
  notice.data = base::to_text(data);
  notice.ended_key_id = key.id;
  act.tell(key.space, std::move(notice));
}

/// The invitation of a key that ended by itself, or as a key.
base::Result<void> end_invitation(Act& act, const KeyRecord& key, KeyEnd end) {
  const bool is_revoked = code_of(end) == "key_revoked";
  const std::string_view state = end == KeyEnd::expired    ? "expired"
                                 : end == KeyEnd::max_uses ? "used_up"
                                                           : "revoked";
  TRY(const auto ended, act.run("UPDATE space_invitations SET state = $2, listed_key = NULL "
                                "WHERE id = $1 AND state = 'live'",
                                key.holder, state));
  if (ended.changed == 0 || !is_revoked) return {};
  return act.note(
      key.space,
      {.event = "invitation.revoked", .subject = key.holder, .detail = {{"reason", name_of(end)}}});
}

base::Result<bool> has_live_key(Act& act, const KeyRecord& key) {
  TRY(const auto keys, unended_keys(act, key.space, key.holder));
  return std::ranges::any_of(keys, [&](const KeyRecord& one) { return one.is_live(act.now_ms); });
}

base::Error not_yours(const Caller& caller) {
  return base::Error(base::Code::role_forbidden, "Only the owner may end the key of another.")
      .with({.name = "keyType", .value = std::string(name_of(caller.type))})
      .with({.name = "needs", .value = std::vector<std::string>{"owner"}});
}

}  // namespace

base::Result<bool> put_end(Act& act, const KeyRecord& key, KeyEnd end) {
  std::int64_t at_ms = act.now_ms;
  if (key.due_at_ms && *key.due_at_ms <= act.now_ms) {
    at_ms = *key.due_at_ms;
    end = key.due_end.value_or(KeyEnd::expired);
  }
  TRY(const auto ended,
      act.run("UPDATE space_keys SET ended_at_ms = $2, ended_reason = $3, due_at_ms = NULL, "
              "due_reason = NULL WHERE hash = $1 AND ended_at_ms IS NULL",
              credential::hash_text(key.hash), at_ms, static_cast<int>(end)));
  if (ended.changed == 0) return false;
  TRY_VOID(act.run("UPDATE space_counter SET dead_keys = dead_keys + 1 WHERE one = 1"));
  const bool expired = code_of(end) == "key_expired";
  TRY_VOID(act.note(key.space, {.event = expired ? "key.expired" : "key.revoked",
                                .subject = key.holder,
                                .key_id = key.id,
                                .detail = {{"reason", name_of(end)}}}));
  act.forget({key.hash});
  tell_end(act, key, end);
  return true;
}

base::Result<std::vector<std::string>> end_keys_of(Act& act, std::int64_t space,
                                                   std::string_view holder, KeyEnd end) {
  TRY(const auto keys, unended_keys(act, space, holder));
  std::vector<std::string> were_live;
  for (const KeyRecord& key : keys) {
    TRY_VOID(put_end(act, key, end));
    if (key.is_live(act.now_ms)) were_live.push_back(key.id);
  }
  return were_live;
}

base::Result<void> end_key(Act& act, const KeyRecord& key, KeyEnd end) {
  TRY(const bool ended, put_end(act, key, end));
  if (!ended) return {};
  if (key.type == KeyType::invitation) return end_invitation(act, key, end);
  TRY(const bool has_another, has_live_key(act, key));
  if (has_another) return {};
  if (key.type == KeyType::owner) TRY_VOID(become_ownerless(act, key.space));
  return release_locks(act, key.space, key.holder);
}

base::Result<KeyRecord> revoke_key(Act& act, const Caller& caller, std::string_view key_id,
                                   bool force) {
  TRY(KeyRecord key, read_key_record(act, caller.space, key_id));
  if (caller.type != KeyType::owner && key.holder != text_of(caller.holder)) {
    return not_yours(caller);
  }
  if (!key.is_live(act.now_ms)) return key;
  if (key.type == KeyType::owner && !force) {
    TRY(const auto others, unended_keys(act, key.space, key.holder));
    const bool is_last = std::ranges::none_of(
        others, [&](const KeyRecord& one) { return one.id != key.id && one.is_live(act.now_ms); });
    if (is_last) return base::Code::last_owner_key;
  }
  TRY_VOID(end_key(act, key, KeyEnd::revoked));
  return read_key_record(act, caller.space, key_id);
}

base::Result<void> revoke_presented(Act& act, const credential::SpaceKeyHash& hash) {
  TRY(const auto found, read_key(act.run, hash, act.now_ms));
  const auto* caller = std::get_if<Caller>(&found);
  if (caller == nullptr) return {};
  act.origin.kind = ActorKind::participant;
  if (caller->type != KeyType::invitation) act.origin.participant_id = text_of(caller->holder);
  act.origin.key_id = text_of(caller->key_id);
  TRY(const KeyRecord key, read_key_record(act, caller->space, act.origin.key_id));
  return end_key(act, key, KeyEnd::revoked_by_holder);
}

}  // namespace kronborg::spaces
