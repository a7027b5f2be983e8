#include "spaces/artifact_rows.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "spaces/participant.h"

namespace kronborg::spaces {
namespace {

constexpr std::size_t etag_digits = 16;

}  // namespace

std::string Artifact::etag() const {
  return fmt::format("\"{}-{}\"", revision, std::string_view(sha256).substr(0, etag_digits));
}

Artifact artifact_of(const sql::Row& row) {
  return {.id = row.text(0),
          .space = row.integer(1),
          .position = row.integer(2),
          .name = row.text(3),
          .media_type = row.text(4),
          .revision = row.integer(5),
          .sha256 = row.text(6),
          .size = row.integer(7),
          .created_at_ms = row.integer(8),
          .updated_at_ms = row.integer(11),
          .created_by = row.text(9),
          .created_by_name = row.text(10),
          .updated_by = row.text(12),
          .updated_by_name = row.text(13),
          .signature_count = row.integer(14),
          .lock_token = row.integer(15),
          .lock_holder = row.maybe_text(16),
          .lock_holder_name = row.maybe_text(17),
          .lock_until_ms = row.maybe_integer(18)};
}

base::json::object author(std::string_view id, std::string_view name) {
  return {{"participantId", id}, {"name", name}};
}

base::Result<std::string> name_of_caller(Act& act, const Caller& caller) {
  TRY(Participant participant, read_participant(act, caller.space, text_of(caller.holder)));
  return std::move(participant.name);
}

base::Result<void> charge_content(Act& act, std::int64_t space, std::int64_t bytes) {
  TRY(const auto charged,
      act.run("UPDATE spaces SET content_bytes = content_bytes + $1 WHERE number = $2 "
              "AND content_bytes <= $3",
              bytes, space, max_content_bytes - bytes));
  if (charged.changed != 0) return {};
  return base::Error(base::Code::limit_reached, "The contents of this space are at their limit.",
                     "Delete documents that are no longer needed.")
      .with({.name = "limit", .value = "content"})
      .with({.name = "max", .value = max_content_bytes});
}

base::json::object render_summary(const Artifact& artifact, std::int64_t now_ms) {
  base::json::object object{
      {"artifactId", artifact.id},
      {"name", artifact.name},
      {"mediaType", artifact.media_type},
      {"revision", artifact.revision},
      {"sha256", artifact.sha256},
      {"size", artifact.size},
      {"createdAt", base::iso_time(artifact.created_at_ms)},
      {"createdBy", author(artifact.created_by, artifact.created_by_name)},
      {"updatedAt", base::iso_time(artifact.updated_at_ms)},
      {"updatedBy", author(artifact.updated_by, artifact.updated_by_name)},
      {"signatureCount", artifact.signature_count},
  };
  if (artifact.is_locked(now_ms)) {
    object["lock"] = base::json::object{
        {"lockedBy", artifact.lock_holder.value_or("")},
        {"lockedByName", artifact.lock_holder_name.value_or("")},
        {"lockExpiresAt", base::iso_time(*artifact.lock_until_ms)},
    };
  }
  return object;
}

void tell_artifact(Act& act, const Artifact& artifact, std::string_view action) {
  const base::json::object data{{"action", action},
                                {"artifact", render_summary(artifact, act.now_ms)}};
  Notice notice;
  notice.kind = NoticeKind::artifact;
  notice.data = base::to_text(data);
  if (action == "created" || action == "updated") notice.artifact_id = artifact.id;
  act.tell(artifact.space, std::move(notice));
}

}  // namespace kronborg::spaces
