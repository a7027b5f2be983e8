#include "spaces/participant.h"

#include <utility>

#include "base/clock.h"
#include "spaces/participant_rows.h"

namespace kronborg::spaces {
namespace {

base::Result<std::vector<Participant>> participants_from(const sql::Answer& answer,
                                                         std::int64_t now_ms) {
  std::vector<Participant> participants;
  participants.reserve(answer.rows.size());
  for (const sql::Row& row : answer.rows) {
    TRY(auto participant, participant_from(row, now_ms));
    participants.push_back(std::move(participant));
  }
  return participants;
}

base::Result<sql::Answer> rows_with_status(Act& act, std::int64_t space, std::int64_t after,
                                           std::int64_t most, std::string_view one,
                                           std::string_view other) {
  return act.run(PARTICIPANT_COLUMNS
                 "WHERE space = $1 AND position > $2 AND (CASE WHEN status = 'pending' AND "
                 "due_at_ms <= $3 THEN 'expired' ELSE status END) IN ($4, $5) "
                 "ORDER BY position LIMIT $6",
                 space, after, act.now_ms, one, other, most);
}

base::Result<sql::Answer> rows_of(Act& act, std::int64_t space, Shown shown,
                                  const std::optional<std::string>& status, std::int64_t after,
                                  std::int64_t most) {
  if (status) return rows_with_status(act, space, after, most, *status, *status);
  switch (shown) {
    case Shown::active:
      return rows_with_status(act, space, after, most, "active", "active");
    case Shown::active_and_pending:
      return rows_with_status(act, space, after, most, "active", "pending");
    case Shown::all:
      break;
  }
  return act.run(PARTICIPANT_COLUMNS
                 "WHERE space = $1 AND position > $2 ORDER BY position LIMIT $3",
                 space, after, most);
}

void add_time(base::json::object& body, std::string_view name,
              const std::optional<std::int64_t>& at_ms) {
  if (at_ms) body[name] = base::iso_time(*at_ms);
}

}  // namespace

base::Result<Participant> read_participant(Act& act, std::int64_t space, std::string_view id) {
  TRY(const auto answer, act.run(PARTICIPANT_COLUMNS "WHERE space = $1 AND id = $2", space, id));
  if (answer.rows.empty()) {
    return base::Error(base::Code::not_found).with({.name = "object", .value = "participant"});
  }
  return participant_from(answer.rows.front(), act.now_ms);
}

base::Result<std::vector<Participant>> present(Act& act, std::int64_t space, Shown shown) {
  TRY(const auto answer, rows_of(act, space, shown, {}, 0, INT64_MAX));
  return participants_from(answer, act.now_ms);
}

base::Result<ParticipantPage> list_participants(Act& act, std::int64_t space, Shown shown,
                                                const std::optional<std::string>& status,
                                                std::int64_t after, int limit) {
  TRY(const auto answer, rows_of(act, space, shown, status, after, std::int64_t{limit} + 1));
  ParticipantPage page{.participants = {}, .last = after};
  TRY(page.participants, participants_from(answer, act.now_ms));
  if (page.participants.size() > static_cast<std::size_t>(limit)) {
    page.participants.pop_back();
    page.has_more = true;
  }
  if (!page.participants.empty()) page.last = page.participants.back().position;
  return page;
}

base::json::object render(const Participant& participant, std::int64_t now_ms, bool for_owner) {
  base::json::object body;
  body["participantId"] = participant.id;
  body["name"] = participant.name;
  if (participant.role) body["role"] = *participant.role;
  body["keyType"] = name_of(participant.key_type);
  body["status"] = participant.status;
  const bool muted = participant.is_muted(now_ms);
  body["muted"] = muted;
  if (muted && participant.muted_until_ms != Caller::forever) {
    add_time(body, "mutedUntil", participant.muted_until_ms);
  }
  body["verified"] = participant.address.has_value();
  if (participant.address) body["address"] = participant.address->text();
  body["userLinked"] = false;
  add_time(body, "joinedAt", participant.joined_at_ms);
  add_time(body, "lastSeenAt", participant.last_seen_at_ms);
  if (for_owner) {
    if (participant.invitation_id) body["invitationId"] = *participant.invitation_id;
    add_time(body, "requestedAt", participant.requested_at_ms);
  }
  return body;
}

void tell_participant(Act& act, const Participant& participant, std::string_view action,
                      Audience audience) {
  base::json::object data;
  data["action"] = action;
  data["participant"] = render(participant, act.now_ms, audience == Audience::owner);
  Notice notice;
  notice.kind = NoticeKind::participant;
  notice.audience = audience;
  notice.data = base::to_text(data);
  act.tell(participant.space, std::move(notice));
}

}  // namespace kronborg::spaces
