#include <array>
#include <limits>
#include <utility>

#include "api/listing.h"
#include "api/members.h"
#include "api/operations.h"
#include "api/query.h"
#include "api/render.h"
#include "base/clock.h"
#include "pairing/endpoints.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::string_view list_id = "invites";
constexpr std::array<std::string_view, 4> lives{"1h", "1d", "7d", "30d"};
constexpr std::size_t max_description = 200;  // docs/protocol/pairing.md section 6.1
constexpr std::size_t max_url = 2048;

json::object render(const pairing::InviteRecord& invite) {
  json::object object{{"nonce", invite.nonce},
                      {"agentId", invite.agent_id},
                      {"name", invite.name},
                      {"url", invite.url},
                      {"status", invite.state},
                      {"createdAt", base::iso_time(invite.issued_at_ms)},
                      {"expiresAt", render_seconds(invite.expires_at)}};
  if (invite.description) object["description"] = *invite.description;
  if (invite.used_at_ms) object["usedAt"] = base::iso_time(*invite.used_at_ms);
  if (invite.redeemed_from) object["redeemedFrom"] = *invite.redeemed_from;
  if (invite.key_id) object["keyId"] = *invite.key_id;
  if (invite.revoked_at_ms) object["revokedAt"] = base::iso_time(*invite.revoked_at_ms);
  return object;
}

}  // namespace

base::Result<Outcome> list_invites(const Desk& desk, const OwnerCall& call) {
  TRY(Query query, Query::read(call.query()));
  TRY(const authority::Page page, read_page(desk, query, list_id));
  TRY_VOID(query.finish());
  TRY_VOID(call.accepted());
  TRY(const auto invites, desk.nouns.pairing.invites.list(page));
  return listed(desk, "invites", list_id, invites,
                [](const auto& invite) { return render(invite); });
}

base::Result<Outcome> create_invite(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto agent_id = members.uuid("agentId", Need::required);
  pairing::NewInvite wanted;
  wanted.name = members.label("name", Need::optional);
  wanted.description = members.line("description", max_description, Need::optional);
  wanted.url = members.line("url", max_url, Need::optional);
  const auto life = members.one_of("expires", lives, Need::optional);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  wanted.agent_id = *agent_id;
  if (life) wanted.life = pairing::invite_life_named(*life).value_or(wanted.life);
  TRY(const auto issued, desk.nouns.pairing.invites.issue(call.actor(), wanted));
  Outcome outcome{.body = render(issued.record), .status = 201, .secrets = {"link"}};
  outcome.body["link"] = issued.link;
  return outcome;
}

base::Result<Outcome> revoke_invite(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto invite, desk.nouns.pairing.invites.revoke(call.actor(), call.segment()));
  return Outcome{.body = render(invite)};
}

}  // namespace kronborg::api
