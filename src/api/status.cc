#include <algorithm>

#include "api/operations.h"
#include "authority/load.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

json::object counted(const authority::Counts& counts) {
  return {{"agents", counts.agents},
          {"accessKeys", counts.keys},
          {"activeAccessKeys", counts.active_keys},
          {"legacyAccessKeys", counts.legacy_keys},
          {"whitelistEntries", counts.whitelist},
          {"revocations", counts.revocations},
          {"thresholds", counts.thresholds},
          {"auditEvents", counts.audit}};
}

bool is_ok(const json::value& finding) {
  const json::object* object = finding.if_object();
  const json::value* ok = object == nullptr ? nullptr : object->if_contains("ok");
  return ok != nullptr && ok->is_bool() && ok->get_bool();
}

}  // namespace

base::Result<Outcome> get_status(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  Outcome outcome;
  outcome.body["version"] = desk.settings.version;
  outcome.body["origin"] = desk.settings.origin;
  TRY(auto identity, current_identity(desk));
  if (identity) outcome.body["identity"] = *std::move(identity);
  TRY(const auto counts, authority::counts(desk.nouns.parts));
  outcome.body["counts"] = counted(counts);
  const sql::StoreFacts store = desk.nouns.parts.database.facts();
  outcome.body["store"] = {
      {"kind", store.kind}, {"place", store.place}, {"schemaVersion", store.schema_version}};
  if (!desk.settings.status_extras) return outcome;
  const json::value extras = desk.settings.status_extras();
  if (const json::object* members = extras.if_object()) {
    for (const auto& member : *members) outcome.body[member.key()] = member.value();
  }
  return outcome;
}

base::Result<Outcome> run_doctor(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  json::array findings;
  if (desk.settings.doctor) {
    const json::value found = desk.settings.doctor();
    if (const json::array* list = found.if_array()) findings = *list;
  }
  const bool ok = std::ranges::all_of(findings, is_ok);
  return Outcome{.body = {{"ok", ok}, {"findings", std::move(findings)}}};
}

base::Result<Outcome> get_config(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  Outcome outcome;
  if (!desk.settings.config_view) {
    outcome.body["settings"] = json::array();
    return outcome;
  }
  const json::value view = desk.settings.config_view();
  if (const json::object* object = view.if_object()) outcome.body = *object;
  return outcome;
}

}  // namespace kronborg::api
