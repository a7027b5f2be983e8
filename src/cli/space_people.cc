#include <fmt/format.h>

#include "cli/space.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Result;

struct PeopleOptions {
  SpaceChoice choice;
  std::string who;
  std::optional<std::string> reason, duration;
  bool keep_invitations = false, all_invitations = false, no_block = false;
};

Result<void> members(SpaceSession& session, StoredSpace& space) {
  TRY(const auto people, session.all_of(space, "/participants", "participants"));
  session.context().show(json::object{{"participants", people}}, [&] {
    Table table({"ID", "NAME", "ROLE", "KEY", "STATUS", "ADDRESS", "LAST SEEN"});
    for (const bool waiting : {true, false}) {
      for (const auto& one : people) {
        if ((text_of(one, "status") == "pending") != waiting) continue;
        table.add({text_of(one, "participantId").substr(0, 8), one_line(raw_of(one, "name")),
                   one_line(raw_of(one, "role")), text_of(one, "keyType"),
                   text_of(one, "status") + (flag_of(one, "muted") ? ", muted" : ""),
                   text_of(one, "address"), date_of(one, "lastSeenAt")});
      }
    }
    table.print("nobody");
  });
  return {};
}

/// A verb about one participant: POST <space>/participants/<id>/<verb>.
Result<void> act(SpaceSession& session, StoredSpace& space, const PeopleOptions& options,
                 std::string_view verb, const json::object& body, std::string_view status) {
  std::string path = "/participants";
  if (!status.empty()) path += "?status=" + std::string(status);
  TRY(const auto people, session.all_of(space, path, "participants"));
  TRY(const auto one, chosen(people, "participantId", "name", options.who, "participant"));
  TRY(const auto reply,
      session.call(space, "POST",
                   "/participants/" + text_of(one, "participantId") + "/" + std::string(verb),
                   body));
  session.context().show(reply.value, [&] {
    fmt::print("{} is {}{}\n", one_line(raw_of(reply.value, "name")),
               text_of(reply.value, "status"), flag_of(reply.value, "muted") ? ", muted" : "");
    for (const auto& link : array_of(reply.value, "rotatedInvitations")) {
      fmt::print(stderr, "an invitation was replaced, since it had been theirs; the new link:\n");
      fmt::print("{}\n", one_line(raw_of(link, "agentLink")));
    }
  });
  return {};
}

Result<void> kick(SpaceSession& session, StoredSpace& space, const PeopleOptions& options) {
  json::object body;
  put_text(body, "reason", options.reason);
  if (options.keep_invitations) body["rotateInvitations"] = false;
  if (options.all_invitations) body["rotateInvitations"] = "all";
  if (options.no_block) body["block"] = false;
  return act(session, space, options, "kick", body, "");
}

using Do = Result<void> (*)(SpaceSession&, StoredSpace&, const PeopleOptions&);

CLI::App* about_one(const Shell& noun, const std::shared_ptr<PeopleOptions>& options,
                    const char* name, const char* summary, const char* example, Do work) {
  auto& context = noun.context;
  auto* verb = takes_space(noun.verb(name, summary, example,
                                     [&context, options, work] {
                                       return in_space(context, options->choice,
                                                       [&](auto& session, auto& space) {
                                                         return work(session, space, *options);
                                                       });
                                     }),
                           options->choice);
  verb->add_option("participant", options->who, "id, the start of it, or name")->required();
  return verb;
}

}  // namespace

void add_space_people(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<PeopleOptions>();
  takes_space(
      noun.verb("members", "who is in a space, and who waits to be let in",
                "kronborg space members 'Licence renewal'",
                [&context, options] { return in_space(context, options->choice, members); }),
      options->choice);
  about_one(noun, options, "approve", "let somebody in who waits",
            "kronborg space approve 'Licence renewal' seller",
            [](auto& session, auto& space, const auto& given) {
              return act(session, space, given, "approve", {}, "pending");
            });
  about_one(noun, options, "deny", "refuse somebody who waits",
            "kronborg space deny 'Licence renewal' seller --reason 'not invited'",
            [](auto& session, auto& space, const auto& given) {
              json::object body;
              put_text(body, "reason", given.reason);
              return act(session, space, given, "deny", body, "pending");
            })
      ->add_option("--reason", options->reason, "written to the audit");
  auto* kicked =
      about_one(noun, options, "kick", "remove somebody; their keys die at once",
                "kronborg space kick 'Licence renewal' seller --reason 'leaked the draft'", kick);
  kicked->add_option("--reason", options->reason, "written to the audit");
  kicked->add_flag("--keep-invitations", options->keep_invitations,
                   "do not replace the invitation that they came with");
  kicked->add_flag("--all-invitations", options->all_invitations, "replace every live invitation");
  kicked->add_flag("--no-block", options->no_block, "they may join again");
  about_one(noun, options, "mute", "let somebody read only",
            "kronborg space mute 'Licence renewal' seller --for 10m",
            [](auto& session, auto& space, const auto& given) -> Result<void> {
              json::object body;
              TRY_VOID(put_seconds(body, "durationSeconds", given.duration, "--for"));
              return act(session, space, given, "mute", body, "");
            })
      ->add_option("--for", options->duration, "90s, 10m, 12h or 7d; default: without end");
  about_one(noun, options, "unmute", "end a mute", "kronborg space unmute 'Licence renewal' seller",
            [](auto& session, auto& space, const auto& given) {
              return act(session, space, given, "unmute", {}, "");
            });
  about_one(noun, options, "reissue", "end the keys of somebody who lost theirs; they collect anew",
            "kronborg space reissue 'Licence renewal' seller",
            [](auto& session, auto& space, const auto& given) {
              return act(session, space, given, "reissue", {}, "");
            });
}

}  // namespace kronborg::cli
