#include <boost/json/string.hpp>

#include "base/clock.h"
#include "spaces/artifact_rows.h"

namespace kronborg::spaces {
namespace {

/// What a SELECT of a revision without its content begins with; read by revision_of().
#define REVISION_COLUMNS                                                              \
  "SELECT revision, sha256, size, created_at_ms, created_by, created_by_name, note, " \
  "signature_count, CASE WHEN content IS NULL THEN 0 ELSE 1 END"

Revision revision_of(const sql::Row& row) {
  return {.revision = row.integer(0),
          .sha256 = row.text(1),
          .size = row.integer(2),
          .created_at_ms = row.integer(3),
          .created_by = row.text(4),
          .created_by_name = row.text(5),
          .note = row.maybe_text(6),
          .signature_count = row.integer(7),
          .available = row.integer(8) != 0,
          .content = std::nullopt};
}

base::Error no_such(const char* object) {
  return base::Error(base::Code::not_found).with({.name = "object", .value = object});
}

}  // namespace

base::Result<Artifact> read_artifact(Act& act, std::int64_t space, std::string_view id) {
  TRY(const auto found,
      act.run(ARTIFACT_COLUMNS "WHERE id = $1 AND space = $2 AND deleted = 0", id, space));
  if (found.rows.empty()) return no_such("artifact");
  return artifact_of(found.rows.front());
}

base::Result<ArtifactPage<Artifact>> list_artifacts(Act& act, std::int64_t space,
                                                    std::int64_t after, int limit) {
  TRY(const auto found,
      act.run(ARTIFACT_COLUMNS "WHERE space = $1 AND position > $2 AND deleted = 0 "
                               "ORDER BY position LIMIT $3",
              space, after, limit + 1));
  ArtifactPage<Artifact> page{.items = {}, .last = after, .has_more = false};
  for (const sql::Row& row : found.rows) {
    page.has_more = page.items.size() == static_cast<std::size_t>(limit);
    if (page.has_more) break;
    page.items.push_back(artifact_of(row));
    page.last = page.items.back().position;
  }
  return page;
}

base::Result<std::vector<Artifact>> live_artifacts(Act& act, std::int64_t space) {
  TRY(auto page, list_artifacts(act, space, 0, static_cast<int>(max_artifacts)));
  return std::move(page.items);
}

base::Result<Revision> read_revision(Act& act, const Artifact& artifact, std::int64_t revision) {
  TRY(const auto found, act.run(REVISION_COLUMNS ", content FROM space_revisions "
                                                 "WHERE artifact = $1 AND revision = $2",
                                artifact.id, revision));
  if (found.rows.empty()) return no_such("revision");
  Revision read = revision_of(found.rows.front());
  if (!read.available) return base::Code::revision_pruned;
  read.content = found.rows.front().text(9);
  return read;
}

base::Result<ArtifactPage<Revision>> list_revisions(Act& act, const Artifact& artifact,
                                                    std::int64_t after, int limit) {
  TRY(const auto found, act.run(REVISION_COLUMNS " FROM space_revisions WHERE artifact = $1 "
                                                 "AND revision > $2 ORDER BY revision LIMIT $3",
                                artifact.id, after, limit + 1));
  ArtifactPage<Revision> page{.items = {}, .last = after, .has_more = false};
  for (const sql::Row& row : found.rows) {
    page.has_more = page.items.size() == static_cast<std::size_t>(limit);
    if (page.has_more) break;
    page.items.push_back(revision_of(row));
    page.last = page.items.back().revision;
  }
  return page;
}

base::json::object render(const Revision& revision) {
  base::json::object object{
      {"revision", revision.revision},
      {"sha256", revision.sha256},
      {"size", revision.size},
      {"createdAt", base::iso_time(revision.created_at_ms)},
      {"createdBy", author(revision.created_by, revision.created_by_name)},
  };
  if (revision.note) object["note"] = base::json::string(*revision.note);
  object["signatureCount"] = revision.signature_count;
  object["available"] = revision.available;
  if (revision.content) object["content"] = base::json::string(*revision.content);
  return object;
}

}  // namespace kronborg::spaces
