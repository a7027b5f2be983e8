#include <boost/json/array.hpp>

#include "api/space_operations.h"
#include "spaces/audit_list.h"

namespace kronborg::api {
namespace {

constexpr int standard_limit = 100;
constexpr int most_listed = 500;

}  // namespace

/// Writes down that it happens; who answers the request then streams the lines.
base::Result<SpaceEffect> export_space(const SpaceDesk& /*desk*/, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return [&call](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY_VOID(act.note(call.caller().space, {.event = "space.exported"}));
    return SpaceOutcome{};
  };
}

base::Result<SpaceEffect> list_space_audit(const SpaceDesk& desk, const SpaceCall& call) {
  const std::string list = call.segment(0) + "/audit";
  TRY(Query query, call.query());
  TRY(const Paged paged, read_paged(desk, query, list, standard_limit, most_listed));
  TRY_VOID(call.finish(query));
  return [&desk, &call, list, paged](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto page, spaces::list_audit(act, call.caller().space, paged.after, paged.limit));
    boost::json::array events;
    events.reserve(page.entries.size());
    for (const spaces::AuditEntry& entry : page.entries) events.emplace_back(render(entry));
    SpaceOutcome outcome;
    outcome.body["events"] = std::move(events);
    add_cursor(desk, outcome.body, list, page.last, page.has_more);
    return outcome;
  };
}

}  // namespace kronborg::api
