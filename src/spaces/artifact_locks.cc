#include <utility>

#include "spaces/artifact_rows.h"

namespace kronborg::spaces {
namespace {

base::json::object holder_of(const Artifact& artifact) {
  return {{"lockedBy", artifact.lock_holder.value_or("")}};
}

/// A lease ends by itself: nobody has done it, whoever comes across it.
base::Result<void> note_expiry(Act& act, const Artifact& artifact) {
  Act::Origin caller = std::exchange(act.origin, Act::Origin{});
  auto noted =
      act.note(artifact.space,
               {.event = "lock.expired", .subject = artifact.id, .detail = holder_of(artifact)});
  act.origin = std::move(caller);
  return noted;
}

}  // namespace

base::Result<void> take_lock_off(Act& act, Artifact& artifact, std::string_view event) {
  TRY_VOID(
      act.run("UPDATE space_artifacts SET lock_holder = NULL, lock_holder_name = NULL, "
              "lock_until_ms = NULL WHERE id = $1",
              artifact.id));
  if (artifact.is_locked(act.now_ms)) {
    TRY_VOID(act.note(artifact.space,
                      {.event = event, .subject = artifact.id, .detail = holder_of(artifact)}));
  } else {
    TRY_VOID(note_expiry(act, artifact));
  }
  artifact.lock_holder.reset();
  artifact.lock_holder_name.reset();
  artifact.lock_until_ms.reset();
  tell_artifact(act, artifact, "unlocked");
  return {};
}

base::Result<Artifact> lock_artifact(Act& act, const Caller& caller, std::string_view id,
                                     std::int64_t lease_s) {
  TRY(Artifact artifact, read_artifact(act, caller.space, id));
  if (artifact.is_locked(act.now_ms)) return locked_error(artifact, caller, act.now_ms);
  if (artifact.lock_until_ms) TRY_VOID(take_lock_off(act, artifact, "lock.expired"));
  TRY(artifact.lock_holder_name, name_of_caller(act, caller));
  artifact.lock_holder = text_of(caller.holder);
  artifact.lock_until_ms = act.now_ms + lease_s * 1000;
  ++artifact.lock_token;
  TRY_VOID(
      act.run("UPDATE space_artifacts SET lock_token = $2, lock_holder = $3, "
              "lock_holder_name = $4, lock_until_ms = $5 WHERE id = $1",
              artifact.id, artifact.lock_token, artifact.lock_holder, artifact.lock_holder_name,
              artifact.lock_until_ms));
  TRY_VOID(act.note(artifact.space, {.event = "lock.taken", .subject = artifact.id}));
  tell_artifact(act, artifact, "locked");
  return artifact;
}

base::Result<Artifact> renew_lock(Act& act, const Caller& caller, std::string_view id,
                                  std::int64_t fencing_token, std::int64_t lease_s) {
  TRY(Artifact artifact, read_artifact(act, caller.space, id));
  if (!holds(artifact, caller, fencing_token, act.now_ms)) return lock_lost_error(artifact);
  artifact.lock_until_ms = act.now_ms + lease_s * 1000;
  TRY_VOID(act.run("UPDATE space_artifacts SET lock_until_ms = $2 WHERE id = $1", artifact.id,
                   artifact.lock_until_ms));
  tell_artifact(act, artifact, "locked");
  return artifact;
}

base::Result<bool> unlock_artifact(Act& act, const Caller& caller, std::string_view id,
                                   std::optional<std::int64_t> fencing_token, bool force) {
  TRY(Artifact artifact, read_artifact(act, caller.space, id));
  if (!force) {
    if (!fencing_token || !holds(artifact, caller, *fencing_token, act.now_ms))
      return lock_lost_error(artifact);
    TRY_VOID(take_lock_off(act, artifact, "lock.released"));
    return true;
  }
  if (!artifact.is_locked(act.now_ms)) return false;
  if (caller.type != KeyType::owner && artifact.lock_holder != text_of(caller.holder)) {
    return base::Error(base::Code::role_forbidden, "Only the owner may force the lock of another.")
        .with({.name = "keyType", .value = std::string(name_of(caller.type))})
        .with({.name = "needs", .value = std::vector<std::string>{"owner"}});
  }
  TRY_VOID(take_lock_off(act, artifact, "lock.forced"));
  return true;
}

base::Result<void> release_locks(Act& act, std::int64_t space,
                                 std::optional<std::string_view> participant_id) {
  TRY(const auto locked, act.run(ARTIFACT_COLUMNS "WHERE space = $1 AND lock_until_ms IS NOT NULL "
                                                  "ORDER BY position",
                                 space));
  for (const sql::Row& row : locked.rows) {
    Artifact artifact = artifact_of(row);
    if (participant_id && artifact.lock_holder != *participant_id) continue;
    TRY_VOID(take_lock_off(act, artifact, "lock.released"));
  }
  return {};
}

base::Result<void> expire_locks(Act& act, int at_most) {
  TRY(const auto over, act.run(ARTIFACT_COLUMNS "WHERE lock_until_ms <= $1 "
                                                "ORDER BY lock_until_ms LIMIT $2",
                               act.now_ms, at_most));
  for (const sql::Row& row : over.rows) {
    Artifact artifact = artifact_of(row);
    TRY_VOID(take_lock_off(act, artifact, "lock.expired"));
  }
  return {};
}

}  // namespace kronborg::spaces
