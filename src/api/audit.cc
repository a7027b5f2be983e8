#include "authority/audit.h"

#include <string>

#include "api/listing.h"
#include "api/operations.h"
#include "api/query.h"
#include "api/render.h"

namespace kronborg::api {
namespace {

constexpr std::size_t max_type = 64;

std::string list_id(const authority::Audit::Filter& filter) {
  std::string id = "audit";
  if (filter.type) id += "?type=" + *filter.type;
  if (filter.since_ms) id += "?since=" + std::to_string(*filter.since_ms);
  return id;
}

}  // namespace

base::Result<Outcome> list_audit(const Desk& desk, const OwnerCall& call) {
  TRY(Query query, Query::read(call.query()));
  authority::Audit::Filter filter;
  filter.type = query.text("type", max_type);
  filter.since_ms = query.time("since");
  TRY(const authority::Page page, read_page(desk, query, list_id(filter)));
  TRY_VOID(query.finish());
  if (page.after > desk.nouns.audit.newest_seq()) return base::Code::cursor_invalid;
  TRY_VOID(call.accepted());
  TRY(const auto events, desk.nouns.audit.list(filter, page));
  return listed(desk, "auditEvents", list_id(filter), events,
                [](const auto& event) { return render(event); });
}

base::Result<Outcome> verify_audit(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto finding, desk.nouns.audit.verify());
  Outcome outcome{.body = {{"ok", !finding.broken_at.has_value()}, {"rows", finding.rows}}};
  if (finding.broken_at) outcome.body["brokenAt"] = *finding.broken_at;
  return outcome;
}

}  // namespace kronborg::api
