#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/random.h"
#include "cli/prompt.h"
#include "cli/space.h"
#include "cli/space_link.h"
#include "cli/space_refusal.h"
#include "cli/space_text.h"
#include "credential/space_key.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

struct JoinOptions {
  SpaceChoice choice;
  std::optional<std::string> link_file, name, role, server, reason, invitation_role, expires, uses,
      approval, label;
  std::string id, misplaced;
  bool wait = false, listed = false, cancel_pending = false;
};

int code_of(Context& context, const Result<void>& done_work) {
  return done_work ? static_cast<int>(done) : context.fail(done_work.error());
}

/// Asks again until the owner has decided.
Result<void> wait_for(SpaceSession& session, StoredSpace& space) {
  for (;;) {
    TRY(const bool let_in, session.collect(space));
    if (let_in) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(session.poll_pause_ms()));
  }
}

Result<StoredSpace> ask_to_join(Context& context, const JoinOptions& options,
                                const InvitationLink& link, Reply& reply) {
  SpaceSession session(context);
  base::SystemRandom random;
  StoredSpace space{.entry = base::uuid4(random),
                    .space_id = link.space_id,
                    .name = {},
                    .server = options.server.value_or(link.origin),
                    .as = *options.name,
                    .key_type = {},
                    .participant_id = {},
                    .key_id = {},
                    .key = {},
                    .invitation = link.key.duplicate(),
                    .join_token = credential::SpaceKey::draw(random).text(),
                    .asked = base::uuid4(random),
                    .read = {}};
  // Stored before it is sent: a join whose answer is lost can be asked for again.
  TRY_VOID(session.keep(space));
  json::object body{{"name", *options.name}};
  put_text(body, "role", options.role);
  auto answered = call_server(space.server,
                              {.method = "POST",
                               .path = space_path(space, "/join"),
                               .body = body,
                               .fields = {{"X-Private-Key", std::string(space.invitation.reveal())},
                                          {"X-Join-Token", std::string(space.join_token.reveal())},
                                          {"Idempotency-Key", space.asked}}});
  if (!answered) {
    if (answered.error().code != Code::server_unreachable) {
      TRY(auto stored, session.stored());
      TRY_VOID(stored.remove(space.entry));
    }
    return answered.error();
  }
  reply = *std::move(answered);
  space.asked.clear();
  space.as = raw_of(reply.value, "name");
  space.participant_id = raw_of(reply.value, "participantId");
  space.key_type = raw_of(reply.value, "keyType");
  space.key_id = raw_of(reply.value, "keyId");
  space.key = base::SecretText(raw_of(reply.value, "participantPrivateKey"));
  TRY_VOID(session.keep(space));
  return space;
}

Result<void> join(Context& context, const JoinOptions& options) {
  if (!options.misplaced.empty()) {
    return Error(Code::usage, "the link holds a key, and arguments can be seen by others",
                 "give it on standard input, at the prompt, or with --link-file FILE");
  }
  if (!options.name) return Error(Code::usage, "a name is needed", "give --name");
  auto link_file = options.link_file;
  if (!link_file && !is_interactive()) link_file = "-";
  TRY(const auto text, read_secret(link_file, "Link of the invitation", "--link-file"));
  TRY(const auto link, parse_invitation_link(text.reveal()));
  if (is_overheard(link.origin)) {
    fmt::print(stderr, "warning: {} is spoken to without TLS; keys can be read on the way\n",
               link.origin);
  }
  Reply reply;
  TRY(auto space, ask_to_join(context, options, link, reply));
  SpaceSession session(context);
  if (space.waits() && options.wait) {
    fmt::print(stderr, "waiting for the owner to decide; Ctrl-C stops waiting, not the join\n");
    TRY_VOID(wait_for(session, space));
  }
  context.show(reply.value, [&] {
    fmt::print("{}\n", space.space_id);
    print_warnings(reply.value);
    if (space.waits()) {
      fmt::print(stderr,
                 "the owner decides; the key is collected by the next command about it:\n"
                 "  kronborg space show {}\n",
                 space.space_id);
    } else {
      fmt::print(stderr, "joined as {}; the key is stored on this machine\n", one_line(space.as));
    }
  });
  return {};
}

Result<void> leave(SpaceSession& session, StoredSpace& space, const JoinOptions& options) {
  json::object body;
  put_text(body, "reason", options.reason);
  TRY(const auto reply, session.call(space, "POST", "/leave", body));
  TRY(auto stored, session.stored());
  TRY_VOID(stored.remove(space.entry));
  session.context().show(reply.value, [] { fmt::print("left; the key is gone\n"); });
  return {};
}

Result<void> invite(SpaceSession& session, StoredSpace& space, const JoinOptions& options) {
  json::object body;
  put_text(body, "role", options.invitation_role);
  TRY_VOID(put_seconds(body, "expiresIn", options.expires, "--expires"));
  if (options.uses) {
    const auto uses = base::parse_json(*options.uses);
    if (!uses || !uses->is_int64()) return Error(Code::usage, "--uses is not a number", "1 to 100");
    body["maxUses"] = uses->get_int64();
  }
  put_switch(body, "requiresApproval", options.approval);
  put_text(body, "label", options.label);
  if (options.listed) body["listed"] = true;
  TRY(const auto reply, session.call(space, "POST", "/invite", body));
  session.context().show(reply.value, [&] {
    fmt::print("{}\n", one_line(raw_of(reply.value, "agentLink")));
    fmt::print(
        stderr,
        "Shown once. Joiners become {}; {}; it ends {} or after {} joins.\nFor a person's "
        "browser:\n{}\n",
        text_of(reply.value, "role"),
        flag_of(reply.value, "requiresApproval") ? "you decide on each" : "they are let in at once",
        date_of(reply.value, "expiresAt"), text_of(reply.value, "maxUses"),
        one_line(raw_of(reply.value, "humanLink")));
  });
  return {};
}

Result<void> invitations(SpaceSession& session, StoredSpace& space) {
  TRY(const auto all, session.all_of(space, "/invitations", "invitations"));
  session.context().show(json::object{{"invitations", all}}, [&] {
    Table table({"ID", "LABEL", "ROLE", "STATE", "USES", "ENDS", "HINT"});
    for (const auto& one : all) {
      table.add({text_of(one, "invitationId"), one_line(raw_of(one, "label")), text_of(one, "role"),
                 text_of(one, "state"), text_of(one, "uses") + "/" + text_of(one, "maxUses"),
                 date_of(one, "expiresAt"), text_of(one, "hint")});
    }
    table.print("no invitations: kronborg space invite");
  });
  return {};
}

Result<void> uninvite(SpaceSession& session, StoredSpace& space, const JoinOptions& options) {
  TRY(const auto all, session.all_of(space, "/invitations", "invitations"));
  TRY(const auto one, chosen(all, "invitationId", "label", options.id, "invitation"));
  json::object body;
  if (options.cancel_pending) body["cancelPending"] = true;
  TRY(const auto reply,
      session.call(space, "DELETE", "/invitations/" + text_of(one, "invitationId"), body));
  session.context().show(reply.value, [] { fmt::print("the invitation is revoked\n"); });
  return {};
}

using Do = Result<void> (*)(SpaceSession&, StoredSpace&, const JoinOptions&);

CLI::App* about_space(const Shell& noun, const std::shared_ptr<JoinOptions>& options,
                      const char* name, const char* summary, const char* example, Do work) {
  auto& context = noun.context;
  return takes_space(noun.verb(name, summary, example,
                               [&context, options, work] {
                                 return in_space(context, options->choice,
                                                 [&](auto& session, auto& space) {
                                                   return work(session, space, *options);
                                                 });
                               }),
                     options->choice);
}

}  // namespace

void add_space_invitations(const Shell& noun) {
  auto options = std::make_shared<JoinOptions>();
  auto* made = about_space(noun, options, "invite", "make a link with which an agent can join",
                           "kronborg space invite 'Licence renewal' --uses 5 --expires 1d", invite);
  made->add_option("--role", options->invitation_role, "what joiners get")
      ->check(CLI::IsMember({"participant", "observer"}));
  made->add_option("--expires", options->expires, "90s, 10m, 12h or 7d; default 7d");
  made->add_option("--uses", options->uses, "joins at most, 1 to 100");
  made->add_option("--approval", options->approval, "on: you decide on each join")
      ->check(CLI::IsMember({"on", "off"}));
  made->add_option("--label", options->label, "for your own list");
  made->add_flag("--listed", options->listed, "shown to everybody, in a public space");
  about_space(noun, options, "invitations", "list the invitations of a space",
              "kronborg space invitations 'Licence renewal'",
              [](auto& session, auto& space, const auto&) { return invitations(session, space); });
  auto* ended = about_space(noun, options, "uninvite", "end an invitation",
                            "kronborg space uninvite 'Licence renewal' eb921518", uninvite);
  ended->add_option("invitation", options->id, "id, the start of it, or label")->required();
  ended->add_flag("--cancel-pending", options->cancel_pending, "also deny who waits on it");
}

void add_space_joins(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<JoinOptions>();
  auto* joined =
      noun.verb("join", "join a space by a link that is read from standard input",
                "kronborg space join --name seller --wait < link.txt",
                [&context, options] { return code_of(context, join(context, *options)); });
  joined->add_option("--name", options->name, "your name in it");
  joined->add_option("--role", options->role, "what you call yourself; it grants nothing");
  joined->add_option("--link-file", options->link_file, "file with the link; '-': standard input");
  joined->add_option("--server", options->server, "another way to the same server");
  joined->add_flag("--wait", options->wait, "wait until the owner has decided");
  joined->add_option("link", options->misplaced)->group("");
  about_space(noun, options, "leave", "leave a space; your keys die",
              "kronborg space leave 'Licence renewal'", leave)
      ->add_option("--reason", options->reason, "written to the audit");
}

}  // namespace kronborg::cli
