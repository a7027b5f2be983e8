#include "spaces/act.h"

#include <array>
#include <memory>
#include <utility>

#include "base/random.h"
#include "spaces/feed.h"

namespace kronborg::spaces {
namespace {

constexpr std::array<std::string_view, 4> actor_kinds = {"participant", "human", "system",
                                                         "operator"};

std::optional<std::string> unless_empty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace

base::Result<void> Act::note(std::int64_t space, Entry entry) {
  TRY(const auto counted, run("UPDATE spaces SET audit_seq = audit_seq + 1 WHERE number = $1 "
                              "RETURNING audit_seq",
                              space));
  if (counted.rows.empty()) return base::Code::not_found;
  const std::int64_t seq = counted.rows[0].integer(0);
  const std::string detail = entry.detail.empty() ? "" : base::to_text(entry.detail);
  const std::string& key_id = entry.key_id.empty() ? origin.key_id : entry.key_id;
  TRY_VOID(run(
      "INSERT INTO space_audit (space, seq, id, at_ms, event, actor_kind, actor_id, "
      "subject, key_id, source_address, request_id, detail) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
      space, seq, new_id(), now_ms, entry.event,
      actor_kinds.at(static_cast<std::size_t>(origin.kind)), unless_empty(origin.participant_id),
      unless_empty(entry.subject), unless_empty(key_id), unless_empty(origin.source_address),
      unless_empty(origin.request_id), unless_empty(detail)));
  if (seq > max_audit_entries) {
    TRY_VOID(run("DELETE FROM space_audit WHERE space = $1 AND seq <= $2", space,
                 seq - max_audit_entries));
  }
  return {};
}

void Act::tell(std::int64_t space, Notice notice) {
  auto shared = std::make_shared<const Notice>(std::move(notice));
  run.on_commit(
      [&feed = parts.feed, space, shared = std::move(shared)] { feed.publish(space, shared); });
}

void Act::forget(std::vector<credential::SpaceKeyHash> hashes) {
  if (hashes.empty()) return;
  run.on_commit(
      [&directory = parts.directory, hashes = std::move(hashes)] { directory.forget(hashes); });
}

std::string Act::new_id() const { return base::uuid4(parts.random); }

}  // namespace kronborg::spaces
