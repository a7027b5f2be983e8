#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "spaces/act.h"
#include "spaces/space.h"

namespace kronborg::spaces {

/// docs/protocol/spaces.md section 9.
struct Artifact {
  std::string id;
  std::int64_t space = 0, position = 0;
  std::string name, media_type;
  std::int64_t revision = 1;
  std::string sha256;
  std::int64_t size = 0, created_at_ms = 0, updated_at_ms = 0;
  std::string created_by, created_by_name, updated_by, updated_by_name;
  std::int64_t signature_count = 0;  ///< of all revisions
  std::int64_t lock_token = 0;       ///< the last fencing token that was granted
  std::optional<std::string> lock_holder, lock_holder_name;
  std::optional<std::int64_t> lock_until_ms;

  [[nodiscard]] bool is_locked(std::int64_t now_ms) const {
    return lock_until_ms && *lock_until_ms > now_ms;
  }
  [[nodiscard]] std::string etag() const;  ///< `"<revision>-<first 16 digits of sha256>"`, quoted
};
struct Revision {
  std::int64_t revision = 0;
  std::string sha256;
  std::int64_t size = 0, created_at_ms = 0;
  std::string created_by, created_by_name;
  std::optional<std::string> note;
  std::int64_t signature_count = 0;
  bool available = true;               ///< false: only its hash is kept
  std::optional<std::string> content;  ///< of read_revision(); lists leave it out
};

struct NewArtifact {
  std::string name, content, media_type = "text/markdown";
  std::optional<std::string> note;
};
/// Errors: artifact_name_taken (names are compared byte by byte), limit_reached (`artifacts`,
/// `content`).
base::Result<Artifact> create_artifact(Act& act, const Caller& caller, const NewArtifact& wanted);

template <class T>
struct ArtifactPage {
  std::vector<T> items;
  std::int64_t last = 0;
  bool has_more = false;
};
base::Result<ArtifactPage<Artifact>> list_artifacts(Act& act, std::int64_t space,
                                                    std::int64_t after, int limit);
/// All live ones, at most max_artifacts: for snapshots and message lists.
base::Result<std::vector<Artifact>> live_artifacts(Act& act, std::int64_t space);
/// Error: not_found (object "artifact"), also for a deleted one.
base::Result<Artifact> read_artifact(Act& act, std::int64_t space, std::string_view id);
/// With its content. Errors: not_found (object "revision"), revision_pruned.
base::Result<Revision> read_revision(Act& act, const Artifact& artifact, std::int64_t revision);
/// Oldest first; positions are revision numbers.
base::Result<ArtifactPage<Revision>> list_revisions(Act& act, const Artifact& artifact,
                                                    std::int64_t after, int limit);

struct Condition {
  std::optional<std::string> if_match;  ///< value of the field
  std::optional<std::int64_t> base_revision, fencing_token;
  [[nodiscard]] bool unconditional() const { return !if_match && !base_revision && !fencing_token; }
};
/// The media type stays what it was.
struct ArtifactChange {
  std::optional<std::string> content, name;
  std::optional<std::string> note;  ///< belongs to the new revision; without one it is dropped
};
/// Checks the condition as the table of section 9.2 does, in its order. Content that is there
/// already makes no new revision; a new name makes none either, but counts as an update. The state
/// after the change. Errors: not_found, artifact_locked, lock_lost, revision_conflict (412 for
/// `if_match`, 409 for `base_revision`, with a detail `_etag`), artifact_name_taken, limit_reached.
base::Result<Artifact> write_artifact(Act& act, const Caller& caller, std::string_view id,
                                      const ArtifactChange& change, const Condition& condition);
/// Erases the contents of all revisions; their hashes and the signatures stay in the store. Errors:
/// not_found, role_forbidden (neither creator nor owner), and those of the condition.
base::Result<void> delete_artifact(Act& act, const Caller& caller, std::string_view id,
                                   const Condition& condition);

/// `lock_token` of the answer is the fencing token of the caller, one more than that of the last
/// grant. Errors: not_found, artifact_locked when another, or the caller itself, holds it.
base::Result<Artifact> lock_artifact(Act& act, const Caller& caller, std::string_view id,
                                     std::int64_t lease_s);
/// The lease runs `lease_s` from now. Errors: not_found, lock_lost.
base::Result<Artifact> renew_lock(Act& act, const Caller& caller, std::string_view id,
                                  std::int64_t fencing_token, std::int64_t lease_s);
/// Whether anything changed. `force` needs no token: the owner frees any lock, others their own.
/// Errors: not_found, lock_lost (a token that is not that of a live lock of the caller),
/// role_forbidden (`force` on the lock of another).
base::Result<bool> unlock_artifact(Act& act, const Caller& caller, std::string_view id,
                                   std::optional<std::int64_t> fencing_token, bool force);
/// All locks of a participant (kick, leave, mute, last key gone), or of the whole space (close).
base::Result<void> release_locks(Act& act, std::int64_t space,
                                 std::optional<std::string_view> participant_id);
/// Leases that are over: audit `lock.expired`, and the readers are told. For the sweep.
base::Result<void> expire_locks(Act& act, int at_most);

base::json::object render_summary(const Artifact& artifact, std::int64_t now_ms);
/// With `content` when it was read.
base::json::object render(const Revision& revision);

}  // namespace kronborg::spaces
