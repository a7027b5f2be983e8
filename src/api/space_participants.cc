#include <algorithm>
#include <array>

#include "api/space_operations.h"
#include "api/space_render.h"
#include "spaces/participant.h"

// docs/protocol/spaces.md section 7.

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::size_t max_reason = 200;
constexpr int max_page = 200;
constexpr std::int64_t least_mute_s = 60;
constexpr std::int64_t most_mute_s = 31'536'000;
constexpr std::array<std::string_view, 6> statuses = {"pending", "active", "left",
                                                      "kicked",  "denied", "expired"};

bool is_owner(const spaces::Caller& caller) { return caller.type == spaces::KeyType::owner; }

/// Whoever asked in vain is the owner's to know.
bool is_for_owner_alone(std::string_view status) {
  return status == "pending" || status == "denied" || status == "expired";
}

std::optional<std::string> reason_of(Members& members) {
  auto reason = members.text_or_empty("reason", max_reason, Need::optional);
  if (reason && reason->empty()) reason.reset();
  return reason;
}

spaces::Rotate rotate_of(Members& members) {
  const std::string wanted = members.flag_or("rotateInvitations", "all").value_or("true");
  if (wanted == "all") return spaces::Rotate::all;
  return wanted == "true" ? spaces::Rotate::own : spaces::Rotate::none;
}

/// An action of the owner on the participant of the path; `act_on` gets the Act, the space and the
/// id.
template <class ActOn>
SpaceEffect effect_on(const SpaceDesk& desk, const SpaceCall& call, ActOn act_on) {
  return [&desk, number = call.caller().space, id = call.segment(1),
          act_on = std::move(act_on)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto space, spaces::read_space(act, number));
    TRY(auto participant, act_on(act, space, id));
    return SpaceOutcome{.body = render_participant(desk, std::move(participant), act.now_ms, true)};
  };
}

}  // namespace

base::Result<SpaceEffect> list_participants(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Query query, call.query());
  const auto status = query.text("status", 20);
  if (status && std::ranges::find(statuses, *status) == statuses.end()) {
    query.fault("status", "not_allowed",
                "It must be one of: pending, active, left, kicked, denied, expired.");
  }
  const std::string list = call.segment(0) + "/participants/" + status.value_or("");
  TRY(const Paged paged, read_paged(desk, query, list, max_page, max_page));
  TRY_VOID(call.finish(query));
  const bool for_owner = is_owner(call.caller());
  if (status && !for_owner && is_for_owner_alone(*status)) {
    return base::Error(base::Code::role_forbidden,
                       "Only the owner sees participants with this status.")
        .with({.name = "keyType", .value = std::string(name_of(call.caller().type))})
        .with({.name = "needs", .value = std::vector<std::string>{"owner"}});
  }
  return [&desk, number = call.caller().space, for_owner, status, list,
          paged](spaces::Act& act) -> base::Result<SpaceOutcome> {
    const auto seen = for_owner ? spaces::Shown::active_and_pending : spaces::Shown::active;
    TRY(auto page, spaces::list_participants(act, number, seen, status, paged.after, paged.limit));
    SpaceOutcome outcome;
    json::array items;
    for (auto& participant : page.participants) {
      items.push_back(render_participant(desk, std::move(participant), act.now_ms, for_owner));
    }
    outcome.body["participants"] = std::move(items);
    add_cursor(desk, outcome.body, list, page.last, page.has_more);
    return outcome;
  };
}

base::Result<SpaceEffect> approve_participant(const SpaceDesk& desk, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return effect_on(desk, call, spaces::approve);
}

base::Result<SpaceEffect> deny_participant(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Members members, call.members());
  auto reason = reason_of(members);
  TRY_VOID(call.finish(members));
  return effect_on(desk, call,
                   [reason = std::move(reason)](spaces::Act& act, const spaces::Space& space,
                                                const std::string& id) {
                     return spaces::deny(act, space, id, reason);
                   });
}

base::Result<SpaceEffect> kick_participant(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Members members, call.members());
  const auto reason = reason_of(members);
  const spaces::Rotate rotate = rotate_of(members);
  const bool block = members.flag("block").value_or(true);
  TRY_VOID(call.finish(members));
  return [&desk, number = call.caller().space, id = call.segment(1), reason, rotate,
          block](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto space, spaces::read_space(act, number));
    TRY(auto kicked, spaces::kick(act, space, id, reason, rotate, block));
    SpaceOutcome outcome{
        .body = render_participant(desk, std::move(kicked.participant), act.now_ms, true),
        .secrets = {"rotatedInvitations"}};
    outcome.body["blocked"] = json::array(kicked.blocked.begin(), kicked.blocked.end());
    json::array rotated;
    for (const auto& invited : kicked.rotated) {
      rotated.push_back(spaces::render(invited, space, desk.parts));
    }
    outcome.body["rotatedInvitations"] = std::move(rotated);
    return outcome;
  };
}

base::Result<SpaceEffect> mute_participant(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Members members, call.members());
  const auto duration =
      members.integer("durationSeconds", least_mute_s, most_mute_s, Need::optional);
  TRY_VOID(call.finish(members));
  return effect_on(desk, call,
                   [duration](spaces::Act& act, const spaces::Space& space, const std::string& id) {
                     return spaces::mute(act, space, id, duration);
                   });
}

base::Result<SpaceEffect> unmute_participant(const SpaceDesk& desk, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return effect_on(desk, call, spaces::unmute);
}

base::Result<SpaceEffect> reissue_participant(const SpaceDesk& desk, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return effect_on(desk, call, spaces::reissue);
}

base::Result<SpaceEffect> leave_space(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  const auto reason = reason_of(members);
  TRY_VOID(call.finish(members));
  return [caller = call.caller(), reason](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto space, spaces::read_space(act, caller.space));
    TRY(const auto participant, spaces::leave(act, space, caller, reason));
    return SpaceOutcome{.body = {{"participantId", participant.id}, {"status", participant.status}},
                        .ends_caller = true};
  };
}

}  // namespace kronborg::api
