#include "spaces/artifact.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "spaces/artifact_rows.h"
#include "spaces/message.h"

namespace kronborg::spaces {
namespace {

/// Names of live artifacts are unique, byte by byte.
base::Result<void> require_free_name(Act& act, std::int64_t space, std::string_view name) {
  TRY(const auto taken,
      act.run("SELECT id FROM space_artifacts WHERE space = $1 AND deleted = 0 AND name = $2",
              space, name));
  if (taken.rows.empty()) return {};
  return base::Error(base::Code::artifact_name_taken)
      .with({.name = "artifactId", .value = taken.rows.front().text(0)});
}

/// The position of a new artifact. Error: limit_reached (`artifacts`).
base::Result<std::int64_t> next_position(Act& act, std::int64_t space) {
  TRY(const auto counted,
      act.run("SELECT COUNT(*) FROM space_artifacts WHERE space = $1 AND deleted = 0", space));
  if (counted.rows.at(0).integer(0) >= max_artifacts) {
    return base::Error(base::Code::limit_reached, "The space has all the documents it may have.",
                       "Delete one that is no longer needed.")
        .with({.name = "limit", .value = "artifacts"})
        .with({.name = "max", .value = max_artifacts});
  }
  TRY(const auto last,
      act.run("SELECT COALESCE(MAX(position), 0) FROM space_artifacts WHERE space = $1", space));
  return last.rows.at(0).integer(0) + 1;
}

/// The content of the artifact's current revision becomes a row; the one that is too old by it
/// loses its own.
base::Result<void> add_revision(Act& act, const Artifact& artifact, const std::string& content,
                                const std::optional<std::string>& note) {
  TRY(const auto pruned,
      act.run("UPDATE space_revisions SET content = NULL WHERE artifact = $1 AND revision = $2 "
              "AND content IS NOT NULL RETURNING size",
              artifact.id, artifact.revision - max_revisions_with_content));
  const std::int64_t freed = pruned.rows.empty() ? 0 : pruned.rows.front().integer(0);
  TRY_VOID(charge_content(act, artifact.space, artifact.size - freed));
  TRY_VOID(act.run(
      "INSERT INTO space_revisions (artifact, revision, space, sha256, size, "
      "created_at_ms, created_by, created_by_name, note, content, signature_count) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
      artifact.id, artifact.revision, artifact.space, artifact.sha256, artifact.size,
      artifact.updated_at_ms, artifact.updated_by, artifact.updated_by_name, note, content));
  return {};
}

std::string sha256_text(std::string_view content) {
  return base::hex(crypto::sha256(base::bytes_of(content)));
}

/// Contents of revisions that are still there, in bytes.
base::Result<std::int64_t> kept_bytes(Act& act, const Artifact& artifact) {
  TRY(const auto kept, act.run("SELECT COALESCE(SUM(size), 0) FROM space_revisions "
                               "WHERE artifact = $1 AND content IS NOT NULL",
                               artifact.id));
  return kept.rows.at(0).integer(0);
}

base::Result<void> require_may_delete(const Artifact& artifact, const Caller& caller) {
  if (caller.type == KeyType::owner || artifact.created_by == text_of(caller.holder)) return {};
  return base::Error(base::Code::role_forbidden,
                     "Only the owner and its creator may delete a document.")
      .with({.name = "keyType", .value = std::string(name_of(caller.type))})
      .with({.name = "needs", .value = std::vector<std::string>{"owner"}});
}

}  // namespace

base::Result<Artifact> create_artifact(Act& act, const Caller& caller, const NewArtifact& wanted) {
  TRY_VOID(require_free_name(act, caller.space, wanted.name));
  Artifact artifact;
  TRY(artifact.position, next_position(act, caller.space));
  TRY(artifact.created_by_name, name_of_caller(act, caller));
  artifact.id = act.new_id();
  artifact.space = caller.space;
  artifact.name = wanted.name;
  artifact.media_type = wanted.media_type;
  artifact.sha256 = sha256_text(wanted.content);
  artifact.size = static_cast<std::int64_t>(wanted.content.size());
  artifact.created_at_ms = artifact.updated_at_ms = act.now_ms;
  artifact.created_by = artifact.updated_by = text_of(caller.holder);
  artifact.updated_by_name = artifact.created_by_name;
  TRY_VOID(act.run(
      "INSERT INTO space_artifacts (id, space, position, name, media_type, revision, sha256, size, "
      "created_at_ms, created_by, created_by_name, updated_at_ms, updated_by, updated_by_name, "
      "deleted, signature_count, lock_token, lock_holder, lock_holder_name, lock_until_ms) "
      "VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $8, $9, $10, 0, 0, 0, NULL, NULL, NULL)",
      artifact.id, artifact.space, artifact.position, artifact.name, artifact.media_type,
      artifact.sha256, artifact.size, artifact.created_at_ms, artifact.created_by,
      artifact.created_by_name));
  TRY_VOID(add_revision(act, artifact, wanted.content, wanted.note));
  TRY_VOID(act.note(artifact.space, {.event = "artifact.created",
                                     .subject = artifact.id,
                                     .detail = {{"revision", 1}, {"sha256", artifact.sha256}}}));
  tell_artifact(act, artifact, "created");
  TRY_VOID(post_system_message(
      act, artifact.space, fmt::format("{} created {}.", artifact.created_by_name, artifact.name)));
  return artifact;
}

base::Result<Artifact> write_artifact(Act& act, const Caller& caller, std::string_view id,
                                      const ArtifactChange& change, const Condition& condition) {
  TRY(Artifact artifact, read_artifact(act, caller.space, id));
  TRY_VOID(check_condition(artifact, caller, condition, act.now_ms));
  const bool renamed = change.name && *change.name != artifact.name;
  if (renamed) {
    TRY_VOID(require_free_name(act, artifact.space, *change.name));
    artifact.name = *change.name;
  }
  const std::string sha256 = change.content ? sha256_text(*change.content) : artifact.sha256;
  const bool rewritten = sha256 != artifact.sha256;
  if (!renamed && !rewritten) return artifact;

  TRY(artifact.updated_by_name, name_of_caller(act, caller));
  artifact.updated_by = text_of(caller.holder);
  artifact.updated_at_ms = act.now_ms;
  if (rewritten) {
    ++artifact.revision;
    artifact.sha256 = sha256;
    artifact.size = static_cast<std::int64_t>(change.content->size());
    TRY_VOID(add_revision(act, artifact, *change.content, change.note));
  }
  TRY_VOID(
      act.run("UPDATE space_artifacts SET name = $2, revision = $3, sha256 = $4, size = $5, "
              "updated_at_ms = $6, updated_by = $7, updated_by_name = $8 WHERE id = $1",
              artifact.id, artifact.name, artifact.revision, artifact.sha256, artifact.size,
              artifact.updated_at_ms, artifact.updated_by, artifact.updated_by_name));
  tell_artifact(act, artifact, "updated");
  return artifact;
}

base::Result<void> delete_artifact(Act& act, const Caller& caller, std::string_view id,
                                   const Condition& condition) {
  TRY(Artifact artifact, read_artifact(act, caller.space, id));
  TRY_VOID(require_may_delete(artifact, caller));
  TRY_VOID(check_condition(artifact, caller, condition, act.now_ms));
  if (artifact.lock_until_ms) TRY_VOID(take_lock_off(act, artifact, "lock.released"));
  TRY(const std::int64_t freed, kept_bytes(act, artifact));
  TRY_VOID(charge_content(act, artifact.space, -freed));
  TRY_VOID(act.run("UPDATE space_revisions SET content = NULL, note = NULL WHERE artifact = $1",
                   artifact.id));
  TRY_VOID(act.run("UPDATE space_artifacts SET deleted = 1 WHERE id = $1", artifact.id));
  TRY_VOID(act.note(artifact.space,
                    {.event = "artifact.deleted",
                     .subject = artifact.id,
                     .detail = {{"revision", artifact.revision}, {"sha256", artifact.sha256}}}));
  tell_artifact(act, artifact, "deleted");
  TRY(const std::string name, name_of_caller(act, caller));
  return post_system_message(act, artifact.space,
                             fmt::format("{} deleted {}.", name, artifact.name));
}

}  // namespace kronborg::spaces
