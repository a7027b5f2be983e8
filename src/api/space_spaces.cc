#include <array>

#include "api/space_create.h"
#include "api/space_operations.h"
#include "api/space_render.h"
#include "base/clock.h"
#include "spaces/space.h"

// docs/protocol/spaces.md section 4.

namespace kronborg::api {
namespace {

namespace json = boost::json;
using spaces::Space;

constexpr std::size_t max_name = 120;
constexpr std::size_t max_description = 4'000;
constexpr std::size_t max_agenda = 16'000;
constexpr std::size_t max_participant_name = 80;
constexpr std::size_t max_role = 80;
constexpr std::size_t max_reason = 200;
constexpr std::size_t max_search = 80;
constexpr std::int64_t least_ttl_s = 60;
constexpr std::int64_t most_ttl_s = 31'536'000;
constexpr std::int64_t least_key_s = 3'600;
constexpr std::int64_t most_key_s = 31'536'000;
constexpr std::int64_t most_retention_days = 365;
constexpr std::array<std::string_view, 2> privacies = {"public", "private"};

std::optional<std::int64_t> retention_of(Members& members) {
  return members.integer("retentionDays", 0, most_retention_days, Need::optional);
}

std::optional<std::int64_t> ttl_of(Members& members) {
  return members.integer("ttl", least_ttl_s, most_ttl_s, Need::optional);
}

std::optional<bool> is_public_of(Members& members) {
  const auto privacy = members.one_of("privacy", privacies, Need::optional);
  if (!privacy) return std::nullopt;
  return *privacy == "public";
}

}  // namespace

spaces::NewSpace read_new_space(Members& members) {
  spaces::NewSpace wanted;
  wanted.name = members.line("name", max_name, Need::required).value_or("");
  wanted.description =
      members.text_or_empty("description", max_description, Need::optional).value_or("");
  wanted.agenda = members.text_or_empty("agenda", max_agenda, Need::optional);
  wanted.is_public = is_public_of(members).value_or(false);
  wanted.ttl_s = ttl_of(members);
  if (auto name = members.line("ownerName", max_participant_name, Need::optional)) {
    wanted.owner_name = *std::move(name);
  }
  wanted.owner_role = members.line_or_empty("ownerRole", max_role, Need::optional);
  wanted.requires_approval = members.flag("requiresApproval");
  wanted.require_verified = members.flag("requireVerified").value_or(false);
  wanted.owner_key_expires_in_s =
      members.integer("ownerKeyExpiresIn", least_key_s, most_key_s, Need::optional);
  wanted.retention_days = retention_of(members).value_or(wanted.retention_days);
  return wanted;
}

namespace {

spaces::SpaceChange change_of(Members& members) {
  spaces::SpaceChange change;
  change.name = members.line("name", max_name, Need::optional);
  change.description = members.text_or_empty("description", max_description, Need::optional);
  if (members.is_null("agenda")) {
    change.agenda.emplace();
  } else if (auto agenda = members.text_or_empty("agenda", max_agenda, Need::optional)) {
    change.agenda = std::move(agenda);
  }
  change.is_public = is_public_of(members);
  change.requires_approval = members.flag("requiresApproval");
  change.require_verified = members.flag("requireVerified");
  if (members.is_null("ttl")) {
    change.ttl_s.emplace();
  } else if (const auto ttl_s = ttl_of(members)) {
    change.ttl_s = ttl_s;
  }
  change.retention_days = retention_of(members);
  return change;
}

}  // namespace

json::object render(const spaces::Created& created) {
  const Space& space = created.space;
  json::object body{{"spaceId", space.id},
                    {"ownerId", created.owner_id},
                    {"ownerPrivateKey", created.key.text().reveal()},
                    {"keyId", created.key_id}};
  if (created.key_expires_at_ms) body["keyExpiresAt"] = base::iso_time(*created.key_expires_at_ms);
  body["name"] = space.name;
  body["privacy"] = space.is_public ? "public" : "private";
  body["requiresApproval"] = space.requires_approval;
  body["requireVerified"] = space.require_verified;
  body["createdAt"] = base::iso_time(space.created_at_ms);
  if (space.expires_at_ms) body["expiresAt"] = base::iso_time(*space.expires_at_ms);
  body["unusedExpiresAt"] = base::iso_time(space.unused_until_ms.value_or(0));
  body["userLinked"] = false;
  return body;
}

namespace {

json::object render(const spaces::Listing& listing) {
  const Space& space = listing.space;
  json::object body{{"spaceId", space.id},
                    {"name", space.name},
                    {"description", space.description},
                    {"createdAt", base::iso_time(space.created_at_ms)}};
  if (space.expires_at_ms) body["expiresAt"] = base::iso_time(*space.expires_at_ms);
  body["participantCount"] = listing.participant_count;
  body["requiresApproval"] = space.requires_approval;
  body["requireVerified"] = space.require_verified;
  if (listing.agent_link) body["agentLink"] = *listing.agent_link;
  return body;
}

}  // namespace

base::Result<SpaceEffect> create_space(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  spaces::NewSpace wanted = read_new_space(members);
  TRY_VOID(call.finish(members));
  if (wanted.owner_key_expires_in_s) call.warn(key_expires_warning());
  return [wanted = std::move(wanted)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto created, spaces::create_space(act, wanted));
    return SpaceOutcome{.body = render(created), .secrets = {"ownerPrivateKey"}};
  };
}

base::Result<SpaceEffect> list_spaces(const SpaceDesk& desk, const SpaceCall& call) {
  static constexpr std::string_view list = "spaces";
  static constexpr int standard = 50;
  static constexpr int most = 100;
  TRY(Query query, call.query());
  TRY(const Paged paged, read_paged(desk, query, list, standard, most));
  auto q = query.text("q", max_search);
  TRY_VOID(call.finish(query));
  return [&desk, paged, q = std::move(q)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto page, spaces::list_public(act, q, paged.after, paged.limit));
    json::array listed;
    for (const spaces::Listing& listing : page.spaces) listed.emplace_back(render(listing));
    SpaceOutcome outcome{.body = {{"spaces", std::move(listed)}}};
    add_cursor(desk, outcome.body, list, page.last, page.has_more);
    return outcome;
  };
}

base::Result<SpaceEffect> get_space(const SpaceDesk& desk, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return [&desk, caller = call.caller()](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const Space space, spaces::read_space(act, caller.space));
    SpaceOutcome outcome;
    TRY(outcome.body, render_space(desk, act, space, caller));
    return outcome;
  };
}

base::Result<SpaceEffect> update_space(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Members members, call.members());
  spaces::SpaceChange change = change_of(members);
  TRY_VOID(call.finish(members));
  return [&desk, caller = call.caller(),
          change = std::move(change)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const Space space, spaces::update_space(act, caller.space, change));
    SpaceOutcome outcome;
    TRY(outcome.body, render_space(desk, act, space, caller));
    return outcome;
  };
}

base::Result<SpaceEffect> close_space(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  auto reason = members.text_or_empty("reason", max_reason, Need::optional);
  const auto retention_days = retention_of(members);
  TRY_VOID(call.finish(members));
  return [number = call.caller().space, reason = std::move(reason),
          retention_days](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const Space space,
        spaces::close_space(act, number, spaces::SpaceEnd::closed, reason, retention_days));
    return SpaceOutcome{
        .body = {{"spaceId", space.id},
                 {"status", "closed"},
                 {"closedAt", base::iso_time(space.closed_at_ms.value_or(0))},
                 {"contentErasedAt", base::iso_time(space.erase_at_ms.value_or(0))}},
        .ends_caller = true};
  };
}

}  // namespace kronborg::api
