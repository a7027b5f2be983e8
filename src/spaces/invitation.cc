#include "spaces/invitation.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "spaces/invitation_rows.h"

namespace kronborg::spaces {

Invitation invitation_from(const sql::Row& row, std::int64_t now_ms) {
  Invitation invitation{.id = row.text(0),
                        .space = row.integer(1),
                        .position = row.integer(2),
                        .key_type = static_cast<KeyType>(row.integer(3)),
                        .label = row.maybe_text(4),
                        .created_at_ms = row.integer(5),
                        .expires_at_ms = row.integer(6),
                        .max_uses = row.integer(7),
                        .uses = row.integer(8),
                        .requires_approval = row.integer(9) != 0,
                        .listed = row.integer(10) != 0,
                        .state = row.text(11),
                        .successor_id = row.maybe_text(12),
                        .hint = row.maybe_text(13),
                        .last_used_at_ms = row.maybe_integer(14)};
  if (invitation.state == "live" && invitation.expires_at_ms <= now_ms) {
    invitation.state = "expired";
  }
  return invitation;
}

base::Error no_such_invitation() {
  return base::Error(base::Code::not_found).with({.name = "object", .value = "invitation"});
}

base::Result<Invitation> read_invitation(Act& act, std::int64_t space, std::string_view id) {
  TRY(const auto answer, act.run(INVITATION_COLUMNS "WHERE i.space = $1 AND i.id = $2", space, id));
  if (answer.rows.empty()) return no_such_invitation();
  return invitation_from(answer.rows.front(), act.now_ms);
}

base::Result<InvitationPage> list_invitations(Act& act, std::int64_t space, std::int64_t after,
                                              int limit) {
  TRY(const auto answer, act.run(INVITATION_COLUMNS "WHERE i.space = $1 AND i.position > $2 "
                                                    "ORDER BY i.position LIMIT $3",
                                 space, after, std::int64_t{limit} + 1));
  InvitationPage page{.invitations = {}, .last = after};
  for (const sql::Row& row : answer.rows) {
    if (page.invitations.size() == static_cast<std::size_t>(limit)) {
      page.has_more = true;
      break;
    }
    page.invitations.push_back(invitation_from(row, act.now_ms));
    page.last = page.invitations.back().position;
  }
  return page;
}

std::string agent_link(const Parts& parts, std::string_view space_id, std::string_view key) {
  std::string link = parts.origin;
  link.append("/space/").append(space_id).append("/").append(key);
  return link.append("/.well-known/agent.md");
}

namespace {

/// The members that every form has.
void add_members(base::json::object& body, const Invitation& invitation) {
  body["invitationId"] = invitation.id;
  body["role"] = name_of(invitation.key_type);
  if (invitation.label) body["label"] = *invitation.label;
  body["createdAt"] = base::iso_time(invitation.created_at_ms);
  body["expiresAt"] = base::iso_time(invitation.expires_at_ms);
  body["maxUses"] = invitation.max_uses;
  body["uses"] = invitation.uses;
  body["requiresApproval"] = invitation.requires_approval;
  body["listed"] = invitation.listed;
}

}  // namespace

base::json::object render(const Invited& invited, const Space& space, const Parts& parts) {
  const base::SecretText key = invited.key.text();
  std::string human_link = parts.origin;
  human_link.append("/join/").append(space.id).append("#").append(key.reveal());
  base::json::object body;
  body["agentLink"] = agent_link(parts, space.id, key.reveal());
  body["humanLink"] = human_link;
  body["publicInvitationKey"] = key.reveal();
  add_members(body, invited.invitation);
  if (invited.replaces) body["replacesInvitationId"] = *invited.replaces;
  return body;
}

base::json::object render(const Invitation& invitation) {
  base::json::object body;
  add_members(body, invitation);
  if (invitation.hint) body["hint"] = *invitation.hint;
  body["state"] = invitation.state;
  if (invitation.successor_id) body["successorId"] = *invitation.successor_id;
  if (invitation.last_used_at_ms) {
    body["lastUsedAt"] = base::iso_time(*invitation.last_used_at_ms);
  }
  return body;
}

}  // namespace kronborg::spaces
