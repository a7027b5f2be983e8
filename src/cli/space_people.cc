#include <fmt/format.h>

#include <array>

#include "base/random.h"
#include "base/text.h"
#include "cli/space.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Result;

struct PeopleOptions {
  SpaceChoice choice;
  std::string participant;
  std::optional<std::string> reason, status, duration, invitations;
  bool no_block = false;
};

/// Pending ones first: they wait for an answer.
json::array sorted(const json::array& people) {
  json::array sorted;
  for (const bool pending : {true, false}) {
    for (const auto& one : people) {
      if ((raw_of(one, "status") == "pending") == pending) sorted.push_back(one);
    }
  }
  return sorted;
}

Result<void> members(SpaceSession& session, StoredSpace& space, const PeopleOptions& options) {
  std::string path = "/participants?limit=200";
  if (options.status) path += "&status=" + segment(*options.status);
  TRY(const auto listed, session.all_of(space, path, "participants"));
  const auto people = sorted(listed);
  session.context().show(json::object{{"participants", people}}, [&] {
    Table table({"ID", "NAME", "KEY", "STATUS", "ADDRESS", "ROLE", "SEEN"});
    for (const auto& one : people) {
      const bool you = raw_of(one, "participantId") == space.participant_id;
      table.add({text_of(one, "participantId"),
                 one_line(raw_of(one, "name")) + (you ? " (you)" : ""), text_of(one, "keyType"),
                 text_of(one, "status") + (flag_of(one, "muted") ? ", muted" : ""),
                 flag_of(one, "verified") ? text_of(one, "address") : "-",
                 one_line(raw_of(one, "role")), date_of(one, "lastSeenAt")});
    }
    table.print("nobody");
  });
  return {};
}

/// The id of who is meant, also of those who are gone.
Result<std::string> participant_id(SpaceSession& session, StoredSpace& space,
                                   const std::string& wanted) {
  if (base::is_uuid(wanted)) return base::lower(wanted);
  json::array everybody;
  for (const std::string_view status : {"", "&status=kicked", "&status=left"}) {
    TRY(const auto some,
        session.all_of(space, "/participants?limit=200" + std::string(status), "participants"));
    for (const auto& one : some) everybody.push_back(one);
    const auto found = chosen(everybody, "participantId", "name", wanted, "participant");
    if (found) return std::string(raw_of(*found, "participantId"));
  }
  TRY(const auto found, chosen(everybody, "participantId", "name", wanted, "participant"));
  return std::string(raw_of(found, "participantId"));
}

Result<Reply> act(SpaceSession& session, StoredSpace& space, const PeopleOptions& options,
                  std::string_view action, const json::object& body) {
  TRY(const auto id, participant_id(session, space, options.participant));
  return session.call(space, "POST", "/participants/" + segment(id) + "/" + std::string(action),
                      body);
}

std::string of(const Reply& reply) {
  return person(raw_of(reply.value, "name"), raw_of(reply.value, "participantId"));
}

Result<void> plain(SpaceSession& session, StoredSpace& space, const PeopleOptions& options,
                   std::string_view action, std::string_view outcome) {
  json::object body;
  put_text(body, "reason", options.reason);
  TRY(const auto reply, act(session, space, options, action, body));
  session.context().show(reply.value, [&] { fmt::print("{} {}\n", of(reply), outcome); });
  return {};
}

Result<void> mute(SpaceSession& session, StoredSpace& space, const PeopleOptions& options) {
  json::object body;
  TRY_VOID(put_seconds(body, "durationSeconds", options.duration, "--for"));
  TRY(const auto reply, act(session, space, options, "mute", body));
  session.context().show(reply.value, [&] {
    const auto until = date_of(reply.value, "mutedUntil");
    fmt::print("{} can only read{}\n", of(reply), until.empty() ? "" : ", until " + until);
  });
  return {};
}

Result<void> kick(SpaceSession& session, StoredSpace& space, const PeopleOptions& options) {
  json::object body;
  put_text(body, "reason", options.reason);
  if (options.no_block) body["block"] = false;
  if (options.invitations == "keep") body["rotateInvitations"] = false;
  if (options.invitations == "all") body["rotateInvitations"] = "all";
  TRY(const auto reply, act(session, space, options, "kick", body));
  session.context().show(reply.value, [&] {
    fmt::print("{} is out: its keys have ended{}\n", of(reply),
               array_of(reply.value, "blocked").empty() ? "" : ", and it is blocked");
    const auto& renewed = array_of(reply.value, "rotatedInvitations");
    for (const auto& invitation : renewed)
      fmt::print("{}\n", one_line(raw_of(invitation, "agentLink")));
    if (!renewed.empty()) {
      fmt::print(stderr,
                 "\nThe invitation it came with was replaced. The new link is shown this once; "
                 "those who still wait keep their place.\n");
    }
  });
  return {};
}

using Verb = Result<void> (*)(SpaceSession&, StoredSpace&, const PeopleOptions&);

struct PersonVerb {
  const char* name;
  const char* summary;
  const char* example;
  Verb run;
  bool reason;
};

constexpr std::array person_verbs{
    PersonVerb{"approve", "let somebody in who waits", "kronborg space approve renewal seller",
               [](auto& session, auto& space, const auto& options) {
                 return plain(session, space, options, "approve", "is in, and can collect its key");
               },
               false},
    PersonVerb{"deny", "refuse somebody who waits",
               "kronborg space deny renewal d9741469 --reason 'not expected'",
               [](auto& session, auto& space, const auto& options) {
                 return plain(session, space, options, "deny", "is denied");
               },
               true},
    PersonVerb{"kick", "put somebody out: its keys end and it is blocked",
               "kronborg space kick renewal seller --reason 'off topic'", kick, true},
    PersonVerb{"mute", "let somebody only read", "kronborg space mute renewal seller --for 10m",
               mute, false},
    PersonVerb{"unmute", "let somebody write again", "kronborg space unmute renewal seller",
               [](auto& session, auto& space, const auto& options) {
                 return plain(session, space, options, "unmute", "can write again");
               },
               false},
    PersonVerb{"reissue", "end the keys of somebody who lost them; a new one can be collected",
               "kronborg space reissue renewal seller",
               [](auto& session, auto& space, const auto& options) {
                 return plain(session, space, options, "reissue",
                              "has no key any more, and can collect a new one");
               },
               false},
};

}  // namespace

void add_space_people(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<PeopleOptions>();
  const auto work = [&context, options](Verb verb) {
    return [&context, options, verb] {
      return in_space(context, options->choice,
                      [&](auto& session, auto& space) { return verb(session, space, *options); });
    };
  };
  takes_space(noun.verb("members", "list who is in a space; the owner also sees who waits",
                        "kronborg space members 'Licence renewal'", work(members)),
              options->choice)
      ->add_option("--status", options->status, "only these; default: active, and pending")
      ->check(CLI::IsMember({"pending", "active", "left", "kicked", "denied", "expired"}));
  for (const PersonVerb& verb : person_verbs) {
    auto* command = takes_space(noun.verb(verb.name, verb.summary, verb.example, work(verb.run)),
                                options->choice);
    command
        ->add_option("participant", options->participant,
                     "its id, the start of it, or its name when only one has it")
        ->required();
    if (verb.reason) command->add_option("--reason", options->reason, "up to 200 characters");
    if (verb.run == mute)
      command->add_option("--for", options->duration, "1m to 365d; default: until unmuted");
    if (verb.run == kick) {
      command->add_flag_callback(
          "--keep-invitations", [options] { options->invitations = "keep"; },
          "do not replace the invitation it came with");
      command->add_flag_callback(
          "--all-invitations", [options] { options->invitations = "all"; },
          "replace all invitations");
      command->add_flag("--no-block", options->no_block,
                        "let it come again; on somebody who is out: lift the block");
    }
  }
}

}  // namespace kronborg::cli
