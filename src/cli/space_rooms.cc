#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "cli/prompt.h"
#include "cli/space.h"
#include "cli/space_link.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t most_agenda_bytes = 64'000;

struct RoomOptions {
  SpaceChoice choice;
  std::string name;
  std::optional<std::string> server, new_name, description, agenda_file, ttl, owner_name, role,
      approval, require_verified, reason, search;
  std::optional<int> retention;
  bool is_public = false, is_private = false, no_agenda = false, yes = false;
};

Result<void> put_common(json::object& body, const RoomOptions& options) {
  put_text(body, "description", options.description);
  if (options.agenda_file) {
    TRY(const auto agenda, read_input(*options.agenda_file, most_agenda_bytes));
    body["agenda"] = agenda;
  }
  if (options.is_public) body["privacy"] = "public";
  put_switch(body, "requiresApproval", options.approval);
  put_switch(body, "requireVerified", options.require_verified);
  if (options.retention) body["retentionDays"] = *options.retention;
  return {};
}

Result<json::object> creation_of(const RoomOptions& options) {
  json::object body{{"name", options.new_name.value_or(options.name)}};
  if (options.new_name && !options.name.empty())
    return Error(Code::usage, "the name is given twice", "give it once");
  TRY_VOID(put_common(body, options));
  TRY_VOID(put_seconds(body, "ttl", options.ttl, "--ttl"));
  put_text(body, "ownerName", options.owner_name);
  put_text(body, "ownerRole", options.role);
  return body;
}

Result<void> create(Context& context, const RoomOptions& options) {
  TRY(const auto server, server_or_own(context, options.server));
  TRY(const auto body, creation_of(options));
  const SpaceSession session(context);
  TRY(auto stored, session.stored());  // what cannot be stored is not asked for
  TRY(const auto reply,
      call_server(server, {.method = "POST", .path = "/oresundspace/space", .body = body}));
  const StoredSpace made{.entry = std::string(raw_of(reply.value, "ownerId")),
                         .space_id = std::string(raw_of(reply.value, "spaceId")),
                         .name = std::string(raw_of(reply.value, "name")),
                         .server = server,
                         .as = options.owner_name.value_or("owner"),
                         .key_type = "owner",
                         .participant_id = std::string(raw_of(reply.value, "ownerId")),
                         .key_id = std::string(raw_of(reply.value, "keyId")),
                         .key = base::SecretText(raw_of(reply.value, "ownerPrivateKey")),
                         .invitation = {},
                         .join_token = {},
                         .asked = {},
                         .read = {}};
  if (!base::is_uuid(made.space_id) || !base::is_uuid(made.entry) ||
      !is_space_key(made.key.reveal())) {
    return Error(Code::server_unreachable, "the server did not answer as a server of spaces does",
                 "is the address right?");
  }
  if (const auto kept = stored.put(made); !kept) {
    if (!context.json) fmt::print("{}\n", made.key.reveal());
    fmt::print(stderr,
               "The space {} was made, but its key could not be stored. It is shown this "
               "once, on standard output.\n",
               made.space_id);
    if (context.json) context.show(reply.value, [] {});
    return kept.error();
  }
  context.show(reply.value, [&] {
    fmt::print("{}\n", made.space_id);
    print_warnings(reply.value);
    fmt::print(stderr,
               "\n'{}' is open at {}. Its owner key is in credentials.toml of this machine.\n"
               "Next:\n  kronborg space invite {}\n  kronborg space watch {}\n",
               one_line(made.name), server, made.space_id, made.space_id);
  });
  return {};
}

json::object known(const StoredSpace& space) {
  json::object shown{{"spaceId", space.space_id}};
  const auto put = [&](std::string_view member, const std::string& value) {
    if (!value.empty()) shown[member] = value;
  };
  put("name", space.name);
  put("server", space.server);
  put("as", space.as);
  put("participantId", space.participant_id);
  put("keyType", space.key_type);
  put("keyId", space.key_id);
  shown["status"] = !space.waits()                 ? "joined"
                    : space.participant_id.empty() ? "unanswered"
                                                   : "pending";
  return shown;
}

Result<void> list_known(Context& context) {
  TRY(const auto stored, SpaceSession(context).stored());
  json::array spaces;
  for (const auto& space : stored.all()) spaces.emplace_back(known(space));
  context.show(json::object{{"spaces", spaces}}, [&] {
    Table table({"ID", "NAME", "AS", "KEY", "STATUS", "SERVER"});
    for (const auto& space : spaces) {
      table.add({text_of(space, "spaceId"), one_line(raw_of(space, "name")),
                 one_line(raw_of(space, "as")), text_of(space, "keyType"), text_of(space, "status"),
                 text_of(space, "server")});
    }
    table.print("no spaces here: kronborg space create NAME, or kronborg space join");
  });
  return {};
}

Result<void> list_public(Context& context, const RoomOptions& options) {
  TRY(const auto server, server_or_own(context, options.server));
  std::string path = "/oresundspace/spaces?limit=100";
  if (options.search) path += "&q=" + segment(*options.search);
  TRY(const auto reply, call_server(server, {.path = path}));
  context.show(reply.value, [&] {
    Table table({"ID", "NAME", "PEOPLE", "JOINING", "DESCRIPTION"});
    for (const auto& space : array_of(reply.value, "spaces")) {
      table.add({text_of(space, "spaceId"), one_line(raw_of(space, "name")),
                 text_of(space, "participantCount"),
                 flag_of(space, "requiresApproval") ? "by approval" : "at once",
                 one_line(base::first_scalars(raw_of(space, "description"), 60))});
    }
    table.print("no public spaces there");
    for (const auto& space : array_of(reply.value, "spaces")) {
      const auto link = raw_of(space, "agentLink");
      if (!link.empty()) fmt::print("{}\n", one_line(link));
    }
    if (flag_of(reply.value, "hasMore"))
      fmt::print(stderr, "there are more: narrow them down with --search\n");
  });
  return {};
}

void print_space(const json::value& space) {
  Facts facts;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) facts.add(name, std::move(value));
  };
  add("id", text_of(space, "spaceId"));
  add("name", one_line(raw_of(space, "name")));
  add("description", one_line(raw_of(space, "description")));
  add("status", text_of(space, "status") + (flag_of(space, "ownerless") ? ", without owner" : ""));
  add("privacy", text_of(space, "privacy"));
  add("joining", flag_of(space, "requiresApproval") ? "by approval" : "at once");
  if (flag_of(space, "requireVerified")) add("addresses", "have to be proven");
  add("created", date_of(space, "createdAt"));
  add("ends", date_of(space, "expiresAt"));
  add("kept", text_of(space, "retentionDays") + " days after the end");
  add("messages", text_of(space, "lastSeq"));
  add("people", std::to_string(array_of(space, "participants").size()));
  add("documents", std::to_string(array_of(space, "artifacts").size()));
  const auto& you = inner(space, "you");
  add("you", fmt::format("{}, {}{}", text_of(you, "participantId"), text_of(you, "keyType"),
                         flag_of(you, "muted") ? ", muted" : ""));
  facts.print();
  const auto agenda = raw_of(space, "agenda");
  if (!agenda.empty()) fmt::print("\n{}\n", many_lines(agenda));
}

Result<void> show_answer(SpaceSession& session, StoredSpace& space, const Reply& reply) {
  if (const auto name = raw_of(reply.value, "name"); name != space.name) {
    space.name = name;
    TRY_VOID(session.keep(space));
  }
  session.context().show(reply.value, [&] {
    print_space(reply.value);
    print_warnings(reply.value);
  });
  return {};
}

Result<void> show(SpaceSession& session, StoredSpace& space) {
  TRY(const auto reply, session.call(space, "GET", ""));
  return show_answer(session, space, reply);
}

Result<void> update(SpaceSession& session, StoredSpace& space, const RoomOptions& options) {
  json::object body;
  put_text(body, "name", options.new_name);
  TRY_VOID(put_common(body, options));
  if (options.is_private) body["privacy"] = "private";
  if (options.no_agenda) body["agenda"] = nullptr;
  if (options.ttl == "never") {
    body["ttl"] = nullptr;
  } else {
    TRY_VOID(put_seconds(body, "ttl", options.ttl, "--ttl"));
  }
  if (body.empty()) return Error(Code::usage, "nothing was given to change", "see --help");
  TRY(const auto reply, session.call(space, "PUT", "", body));
  return show_answer(session, space, reply);
}

Result<void> confirm(const StoredSpace& space) {
  fmt::print(stderr,
             "Closing '{}' ends all of its keys. What was said there can then no longer be read "
             "with them:\ntake 'kronborg space export' first.\n",
             one_line(space.name));
  TRY(const auto answer, read_line("Type yes to close it", "--yes"));
  if (answer == "yes") return {};
  return Error(Code::usage, "it was not closed", "type yes, or give --yes");
}

Result<void> close(SpaceSession& session, StoredSpace& space, const RoomOptions& options) {
  if (!options.yes) TRY_VOID(confirm(space));
  json::object body;
  put_text(body, "reason", options.reason);
  if (options.retention) body["retentionDays"] = *options.retention;
  TRY(const auto reply, session.call(space, "DELETE", "", body));
  TRY(auto stored, session.stored());
  TRY_VOID(stored.remove(space.entry));
  session.context().show(reply.value, [&] {
    fmt::print("closed; what was said there is erased on {}\n",
               date_of(reply.value, "contentErasedAt"));
  });
  return {};
}

Result<void> forget(Context& context, const RoomOptions& options) {
  TRY(auto stored, SpaceSession(context).stored());
  TRY(const auto space, stored.find(options.choice));
  if (!options.yes) {
    fmt::print(stderr, "This removes the only copy of the key of '{}' ({}) from this machine.\n",
               one_line(space.name), space.key_type);
    TRY(const auto answer, read_line("Type yes to remove it", "--yes"));
    if (answer != "yes") return Error(Code::usage, "it was not removed", "type yes, or give --yes");
  }
  TRY_VOID(stored.remove(space.entry));
  context.show(known(space), [] { fmt::print("removed from this machine\n"); });
  return {};
}

int code_of(Context& context, const Result<void>& done_work) {
  return done_work ? static_cast<int>(done) : context.fail(done_work.error());
}

/// What can be said of a space when it is made and later.
void takes_settings(CLI::App* verb, RoomOptions& options) {
  verb->add_option("--description", options.description, "what it is for, up to 4000 characters");
  verb->add_option("--agenda-file", options.agenda_file,
                   "file with the agenda ('-': standard input)");
  verb->add_flag("--public", options.is_public, "listed for everybody");
  verb->add_option("--approval", options.approval,
                   "on: the owner decides on each join; off: an invitation is enough")
      ->check(CLI::IsMember({"on", "off"}));
  verb->add_option("--retention", options.retention,
                   "days for which content is kept after the end, 0 to 365");
}

void add_changes(const Shell& noun, const std::shared_ptr<RoomOptions>& options) {
  auto& context = noun.context;
  auto* changed = takes_space(
      noun.verb("update", "change what a space says of itself, and who gets in",
                "kronborg space update 'Licence renewal' --ttl 7d --approval off",
                [&context, options] {
                  return in_space(context, options->choice, [&](auto& session, auto& space) {
                    return update(session, space, *options);
                  });
                }),
      options->choice);
  changed->add_option("--name", options->new_name, "its new name");
  takes_settings(changed, *options);
  changed
      ->add_option("--require-verified", options->require_verified,
                   "on: joining needs a proven address")
      ->check(CLI::IsMember({"on", "off"}));
  changed->add_flag("--private", options->is_private, "not listed")->excludes("--public");
  changed->add_flag("--no-agenda", options->no_agenda, "take the agenda out")
      ->excludes("--agenda-file");
  changed->add_option("--ttl", options->ttl, "end it after 90s, 10m, 12h or 7d from now; never");
  auto* closed = takes_space(
      noun.verb("close", "end a space and all of its keys",
                "kronborg space close 'Licence renewal' --reason 'agreed' --yes",
                [&context, options] {
                  return in_space(context, options->choice, [&](auto& session, auto& space) {
                    return close(session, space, *options);
                  });
                }),
      options->choice);
  closed->add_option("--reason", options->reason, "told to everybody in it");
  closed->add_option("--retention", options->retention, "days for which content is kept");
  closed->add_flag("--yes", options->yes, "do not ask");
  takes_space(
      noun.verb("forget", "remove the key of a space from this machine",
                "kronborg space forget ccf9c3be --yes",
                [&context, options] { return code_of(context, forget(context, *options)); }),
      options->choice)
      ->add_flag("--yes", options->yes, "do not ask");
}

}  // namespace

void add_space_rooms(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<RoomOptions>();
  auto* made =
      noun.verb("create", "make a space; its owner key is stored on this machine",
                "kronborg space create 'Licence renewal' --ttl 7d --owner-name buyer",
                [&context, options] { return code_of(context, create(context, *options)); });
  made->add_option("name", options->name, "its name, 1 to 120 characters");
  made->add_option("--name", options->new_name, "the same");
  takes_settings(made, *options);
  made->add_flag_callback(
      "--require-verified", [options] { options->require_verified = "on"; },
      "joining needs a proven address");
  made->add_option("--ttl", options->ttl, "end it after 90s, 10m, 12h or 7d");
  made->add_option("--owner-name", options->owner_name, "your own name in it");
  made->add_option("--role", options->role, "what you call yourself; it grants nothing");
  made->add_option("--server", options->server, "where; default: the origin of this machine");
  auto* listed =
      noun.verb("list", "list the spaces that this machine is in", "kronborg space list --public",
                [&context, options] {
                  return code_of(context, options->is_public ? list_public(context, *options)
                                                             : list_known(context));
                });
  listed->add_flag("--public", options->is_public, "those that a server lists for everybody");
  listed->add_option("--search", options->search, "with --public: words in name or description");
  listed->add_option("--server", options->server, "with --public: which server");
  takes_space(noun.verb("show", "show a space", "kronborg space show 'Licence renewal'",
                        [&context, options] { return in_space(context, options->choice, show); }),
              options->choice);
  add_changes(noun, options);
}

}  // namespace kronborg::cli
