#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "cli/prompt.h"
#include "cli/space.h"
#include "cli/space_link.h"
#include "cli/space_settings.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

struct RoomOptions {
  SpaceChoice choice;
  SpaceSettings settings;
  std::string name;
  std::optional<std::string> server, other_name, owner_name, role, search;
  bool verified_only = false, yes = false;
};

Result<json::object> creation_of(const RoomOptions& options) {
  json::object body{{"name", options.other_name.value_or(options.name)}};
  if (options.other_name && !options.name.empty())
    return Error(Code::usage, "the name is given twice", "give it once");
  TRY_VOID(put_settings(body, options.settings));
  TRY_VOID(put_seconds(body, "ttl", options.settings.ttl, "--ttl"));
  if (options.verified_only) body["requireVerified"] = true;
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

}  // namespace

void add_space_rooms(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<RoomOptions>();
  auto* made =
      noun.verb("create", "make a space; its owner key is stored on this machine",
                "kronborg space create 'Licence renewal' --ttl 7d --owner-name buyer",
                [&context, options] { return code_of(context, create(context, *options)); });
  made->add_option("name", options->name, "its name, 1 to 120 characters");
  made->add_option("--name", options->other_name, "the same");
  takes_settings(made, options->settings);
  made->add_flag("--require-verified", options->verified_only, "joining needs a proven address");
  made->add_option("--ttl", options->settings.ttl, "end it after 90s, 10m, 12h or 7d");
  made->add_option("--owner-name", options->owner_name, "your own name in it");
  made->add_option("--role", options->role, "what you call yourself; it grants nothing");
  made->add_option("--server", options->server, "where; default: the origin of this machine");
  auto* listed = noun.verb("list", "list the spaces that this machine is in",
                           "kronborg space list --public", [&context, options] {
                             return code_of(context, options->settings.is_public
                                                         ? list_public(context, *options)
                                                         : list_known(context));
                           });
  listed->add_flag("--public", options->settings.is_public,
                   "those that a server lists for everybody");
  listed->add_option("--search", options->search, "with --public: words in name or description");
  listed->add_option("--server", options->server, "with --public: which server");
  takes_space(
      noun.verb("forget", "remove the key of a space from this machine",
                "kronborg space forget ccf9c3be --yes",
                [&context, options] { return code_of(context, forget(context, *options)); }),
      options->choice)
      ->add_flag("--yes", options->yes, "do not ask");
}

}  // namespace kronborg::cli
