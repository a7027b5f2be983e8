#include "api/space_render.h"

#include <algorithm>
#include <utility>

#include "api/last_seen.h"
#include "spaces/artifact.h"

namespace kronborg::api {

namespace json = boost::json;
using spaces::KeyType;

json::object render_participant(const SpaceDesk& desk, spaces::Participant participant,
                                std::int64_t now_ms, bool for_owner) {
  const auto id = spaces::uuid_of(participant.id);
  if (const auto seen = id ? desk.last_seen.of(*id) : std::nullopt) {
    participant.last_seen_at_ms = std::max(participant.last_seen_at_ms.value_or(0), *seen);
  }
  return spaces::render(participant, now_ms, for_owner);
}

base::Result<json::array> render_participants(const SpaceDesk& desk, spaces::Act& act,
                                              std::int64_t space, bool for_owner) {
  const auto shown = for_owner ? spaces::Shown::active_and_pending : spaces::Shown::active;
  TRY(auto present, spaces::present(act, space, shown));
  json::array participants;
  for (spaces::Participant& participant : present) {
    participants.emplace_back(
        render_participant(desk, std::move(participant), act.now_ms, for_owner));
  }
  return participants;
}

base::Result<json::array> render_artifacts(spaces::Act& act, std::int64_t space) {
  TRY(const auto live, spaces::live_artifacts(act, space));
  json::array artifacts;
  for (const spaces::Artifact& artifact : live) {
    artifacts.emplace_back(spaces::render_summary(artifact, act.now_ms));
  }
  return artifacts;
}

json::object render_you(const spaces::Caller& caller, std::int64_t now_ms) {
  return {{"participantId", spaces::text_of(caller.holder)},
          {"keyType", spaces::name_of(caller.type)},
          {"keyId", spaces::text_of(caller.key_id)},
          {"muted", caller.is_muted(now_ms)}};
}

base::Result<json::object> render_space(const SpaceDesk& desk, spaces::Act& act,
                                        const spaces::Space& space, const spaces::Caller& caller) {
  json::object body = spaces::render(space);
  const bool is_owner = caller.type == KeyType::owner;
  TRY(body["participants"], render_participants(desk, act, space.number, is_owner));
  TRY(body["artifacts"], render_artifacts(act, space.number));
  body["you"] = render_you(caller, act.now_ms);
  return body;
}

base::Result<json::object> snapshot(const SpaceDesk& desk, spaces::Act& act,
                                    const spaces::Caller& caller) {
  TRY(const spaces::Space space, spaces::read_space(act, caller.space));
  const bool is_owner = caller.type == KeyType::owner;
  json::object data{{"action", "snapshot"}, {"space", spaces::render_brief(space, true)}};
  TRY(data["participants"], render_participants(desk, act, space.number, is_owner));
  TRY(data["artifacts"], render_artifacts(act, space.number));
  data["lastSeq"] = space.last_seq;
  data["you"] = render_you(caller, act.now_ms);
  return data;
}

Warning key_expires_warning() {
  return {.code = "key_expires",
          .message = "This key has an end, `keyExpiresAt`. Rotate it before then."};
}

}  // namespace kronborg::api
