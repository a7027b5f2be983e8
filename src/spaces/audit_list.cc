#include "spaces/audit_list.h"

#include <utility>

#include "base/clock.h"

namespace kronborg::spaces {
namespace {

base::Result<AuditEntry> entry_of(const sql::Row& row) {
  AuditEntry entry{.seq = row.integer(0),
                   .at_ms = row.integer(1),
                   .id = row.text(2),
                   .event = row.text(3),
                   .actor_kind = row.text(4),
                   .participant_id = row.maybe_text(5),
                   .subject = row.maybe_text(6),
                   .key_id = row.maybe_text(7),
                   .source_address = row.maybe_text(8),
                   .request_id = row.maybe_text(9),
                   .detail = {}};
  if (const auto detail = row.maybe_text(10)) {
    auto value = base::parse_json(*detail);
    if (!value || !value->is_object()) return base::Code::store_damaged;
    entry.detail = std::move(value->get_object());
  }
  return entry;
}

void add(base::json::object& object, std::string_view name,
         const std::optional<std::string>& value) {
  if (value) object[name] = *value;
}

}  // namespace

base::Result<AuditPage> list_audit(Act& act, std::int64_t space, std::int64_t after, int limit) {
  TRY(const auto found,
      act.run("SELECT seq, at_ms, id, event, actor_kind, actor_id, subject, key_id, "
              "source_address, request_id, detail FROM space_audit "
              "WHERE space = $1 AND seq > $2 ORDER BY seq LIMIT $3",
              space, after, std::int64_t{limit} + 1));
  AuditPage page{.entries = {}, .last = after};
  for (const sql::Row& row : found.rows) {
    page.has_more = page.entries.size() == static_cast<std::size_t>(limit);
    if (page.has_more) break;
    TRY(auto entry, entry_of(row));
    page.last = entry.seq;
    page.entries.push_back(std::move(entry));
  }
  return page;
}

base::json::object render(const AuditEntry& entry) {
  base::json::object actor{{"kind", entry.actor_kind}};
  add(actor, "participantId", entry.participant_id);
  base::json::object object{{"eventId", entry.id},
                            {"seq", entry.seq},
                            {"at", base::iso_time(entry.at_ms)},
                            {"event", entry.event},
                            {"actor", std::move(actor)}};
  add(object, "subject", entry.subject);
  add(object, "keyId", entry.key_id);
  add(object, "sourceAddress", entry.source_address);
  add(object, "requestId", entry.request_id);
  if (!entry.detail.empty()) object["detail"] = entry.detail;
  return object;
}

}  // namespace kronborg::spaces
