#include <fmt/format.h>

#include "cli/space.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Result;

struct InvitationOptions {
  SpaceChoice choice;
  std::string invitation;
  std::string role = "participant";
  std::optional<std::string> expires, approval, label;
  std::optional<int> uses;
  bool listed = false, human = false, cancel_pending = false;
};

/// What the link lets its reader do, in words.
std::string granted(const json::value& invitation) {
  const auto uses = number_of(invitation, "maxUses");
  return fmt::format(
      "{}; {}; until {}; {}",
      raw_of(invitation, "role") == "observer" ? "read only" : "read, write, edit documents",
      flag_of(invitation, "requiresApproval") ? "you decide on each join" : "they are in at once",
      date_of(invitation, "expiresAt"),
      uses == 1 ? "for one join" : fmt::format("for {} joins", uses));
}

Result<void> invite(SpaceSession& session, StoredSpace& space, const InvitationOptions& options) {
  json::object body{{"role", options.role}};
  TRY_VOID(put_seconds(body, "expiresIn", options.expires, "--expires"));
  if (options.uses) body["maxUses"] = *options.uses;
  put_switch(body, "requiresApproval", options.approval);
  put_text(body, "label", options.label);
  if (options.listed) body["listed"] = true;
  TRY(const auto reply, session.call(space, "POST", "/invite", body));
  session.context().show(reply.value, [&] {
    fmt::print("{}\n", one_line(raw_of(reply.value, options.human ? "humanLink" : "agentLink")));
    print_warnings(reply.value);
    fmt::print(stderr,
               "\nThe link holds a key and is shown once. It grants: {}.\n"
               "Its id is {}; take it back with 'kronborg space uninvite'.\n",
               granted(reply.value), text_of(reply.value, "invitationId"));
  });
  return {};
}

Result<void> list(SpaceSession& session, StoredSpace& space) {
  TRY(const auto invitations, session.all_of(space, "/invitations", "invitations"));
  session.context().show(json::object{{"invitations", invitations}}, [&] {
    Table table({"ID", "LABEL", "ROLE", "STATE", "USES", "JOINING", "ENDS", "HINT"});
    for (const auto& item : invitations) {
      table.add({text_of(item, "invitationId"), one_line(raw_of(item, "label")),
                 text_of(item, "role"), text_of(item, "state"),
                 fmt::format("{}/{}", number_of(item, "uses"), number_of(item, "maxUses")),
                 flag_of(item, "requiresApproval") ? "by approval" : "at once",
                 date_of(item, "expiresAt"), text_of(item, "hint")});
    }
    table.print("no invitations: kronborg space invite SPACE");
  });
  return {};
}

Result<void> uninvite(SpaceSession& session, StoredSpace& space, const InvitationOptions& options) {
  TRY(const auto invitations, session.all_of(space, "/invitations", "invitations"));
  TRY(const auto invitation,
      chosen(invitations, "invitationId", "label", options.invitation, "invitation"));
  json::object body;
  if (options.cancel_pending) body["cancelPending"] = true;
  TRY(const auto reply,
      session.call(space, "DELETE", "/invitations/" + segment(raw_of(invitation, "invitationId")),
                   body));
  session.context().show(reply.value, [&] {
    fmt::print("taken back: nobody joins with it any more{}\n",
               options.cancel_pending ? ", and those who waited are denied" : "");
  });
  return {};
}

}  // namespace

void add_space_invitations(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<InvitationOptions>();
  const auto work = [&context, options](auto verb) {
    return [&context, options, verb] {
      return in_space(context, options->choice,
                      [&](auto& session, auto& space) { return verb(session, space, *options); });
    };
  };
  auto* invited = takes_space(
      noun.verb("invite", "make an invitation; its link is shown once",
                "kronborg space invite 'Licence renewal' --uses 1 --expires 12h --label seller",
                work(invite)),
      options->choice);
  invited->add_option("--role", options->role, "participant (default), or observer: read only")
      ->check(CLI::IsMember({"participant", "observer"}));
  invited->add_option("--expires", options->expires, "1m to 30d; default 7d");
  invited->add_option("--uses", options->uses, "1 to 100 (default) joins");
  invited->add_option("--approval", options->approval, "default: as the space has it")
      ->check(CLI::IsMember({"on", "off"}));
  invited->add_option("--label", options->label, "for your own list");
  invited->add_flag("--listed", options->listed, "shown to everybody in the public directory");
  invited->add_flag("--human", options->human, "print the link to the page for people instead");
  takes_space(
      noun.verb("invitations", "list invitations", "kronborg space invitations 'Licence renewal'",
                [&context, options] { return in_space(context, options->choice, list); }),
      options->choice);
  auto* ended =
      takes_space(noun.verb("uninvite", "take an invitation back",
                            "kronborg space uninvite 'Licence renewal' eb921518 --cancel-pending",
                            work(uninvite)),
                  options->choice);
  ended->add_option("invitation", options->invitation, "its id, the start of it, or its label")
      ->required();
  ended->add_flag("--cancel-pending", options->cancel_pending, "deny the joins that wait on it");
}

}  // namespace kronborg::cli
