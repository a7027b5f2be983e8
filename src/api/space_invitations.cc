#include <algorithm>
#include <array>
#include <memory>

#include "api/last_seen.h"
#include "api/space_operations.h"
#include "spaces/invitation.h"

// docs/protocol/spaces.md section 5.

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 2> roles = {"participant", "observer"};
constexpr std::int64_t least_life_s = 60;
constexpr std::int64_t most_life_s = 2'592'000;
constexpr std::size_t max_label = 80;
constexpr int standard_page = 100;
constexpr int max_page = 500;

/// What the invitation was last used for may stand in memory alone.
json::object shown(const SpaceDesk& desk, spaces::Invitation invitation) {
  if (const auto id = spaces::uuid_of(invitation.id)) {
    if (const auto seen = desk.last_seen.of(*id)) {
      invitation.last_used_at_ms = std::max(invitation.last_used_at_ms.value_or(0), *seen);
    }
  }
  return spaces::render(invitation);
}

SpaceOutcome invited_outcome(const spaces::Invited& invited, const spaces::Space& space,
                             const spaces::Parts& parts) {
  return {.body = spaces::render(invited, space, parts),
          .secrets = {"agentLink", "humanLink", "publicInvitationKey"}};
}

/// The key that the card was asked with, in lower case: from a field, or from the path.
SharedSecret key_text(const SpaceCall& call) {
  const auto lower_case = [&](std::string_view text) -> SharedSecret {
    const auto key = credential::SpaceKey::parse(text);
    if (!key || key->hash() != call.caller().hash) return nullptr;
    return std::make_shared<const base::SecretText>(key->text());
  };
  for (const SharedSecret& sent : {call.request().private_key, call.request().bearer}) {
    if (!sent) continue;
    if (auto text = lower_case(sent->reveal())) return text;
  }
  return lower_case(call.segment(1));
}

}  // namespace

base::Result<SpaceEffect> create_invitation(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Members members, call.members());
  spaces::NewInvitation wanted;
  if (const auto role = members.one_of("role", roles, Need::optional)) {
    wanted.key_type =
        *role == "observer" ? spaces::KeyType::observer : spaces::KeyType::participant;
  }
  wanted.expires_in_s = members.integer("expiresIn", least_life_s, most_life_s, Need::optional);
  wanted.max_uses = members.integer("maxUses", 1, spaces::max_invitation_uses, Need::optional);
  wanted.requires_approval = members.flag("requiresApproval");
  wanted.label = members.line_or_empty("label", max_label, Need::optional);
  if (wanted.label && wanted.label->empty()) wanted.label.reset();
  wanted.listed = members.flag("listed").value_or(false);
  TRY_VOID(call.finish(members));
  return [&desk, number = call.caller().space,
          wanted = std::move(wanted)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto space, spaces::read_space(act, number));
    TRY(const auto invited, spaces::invite(act, space, wanted));
    return invited_outcome(invited, space, desk.parts);
  };
}

base::Result<SpaceEffect> list_invitations(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Query query, call.query());
  const std::string list = call.segment(0) + "/invitations";
  TRY(const Paged paged, read_paged(desk, query, list, standard_page, max_page));
  TRY_VOID(call.finish(query));
  return [&desk, number = call.caller().space, list,
          paged](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(auto page, spaces::list_invitations(act, number, paged.after, paged.limit));
    json::array items;
    for (auto& invitation : page.invitations) items.push_back(shown(desk, std::move(invitation)));
    SpaceOutcome outcome;
    outcome.body["invitations"] = std::move(items);
    add_cursor(desk, outcome.body, list, page.last, page.has_more);
    return outcome;
  };
}

base::Result<SpaceEffect> get_invitation(const SpaceDesk& desk, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return [&desk, number = call.caller().space,
          id = call.segment(1)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(auto invitation, spaces::read_invitation(act, number, id));
    return SpaceOutcome{.body = shown(desk, std::move(invitation))};
  };
}

base::Result<SpaceEffect> revoke_invitation(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Members members, call.members());
  const bool cancel_pending = members.flag("cancelPending").value_or(false);
  TRY_VOID(call.finish(members));
  return [&desk, number = call.caller().space, id = call.segment(1),
          cancel_pending](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto space, spaces::read_space(act, number));
    TRY(auto invitation, spaces::revoke_invitation(act, space, id, cancel_pending));
    return SpaceOutcome{.body = shown(desk, std::move(invitation))};
  };
}

base::Result<SpaceEffect> rotate_invitation(const SpaceDesk& desk, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return [&desk, number = call.caller().space,
          id = call.segment(1)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto space, spaces::read_space(act, number));
    TRY(auto invited, spaces::rotate_invitation(act, space, id));
    invited.replaces.reset();  // as `invite` answers
    return invited_outcome(invited, space, desk.parts);
  };
}

base::Result<SpaceEffect> get_card(const SpaceDesk& desk, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return [&desk, caller = call.caller(),
          key = key_text(call)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto space, spaces::read_space(act, caller.space));
    TRY(const auto invitation,
        spaces::read_invitation(act, caller.space, spaces::text_of(caller.holder)));
    return SpaceOutcome{.content_type = "text/markdown; charset=utf-8",
                        .text = spaces::card(invitation, space, key->reveal(), desk.parts),
                        .fields = {{"X-Robots-Tag", "noindex, nofollow, noarchive"}}};
  };
}

}  // namespace kronborg::api
