#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/qr.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;

struct InviteOptions {
  std::string agent, nonce;
  std::string expires = "7d";
  std::optional<std::string> name, description, url;
};

/// A terminal that is too narrow would break the lines of the code.
void draw(std::string_view link) {
  auto code = qr_code(link);
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  if (known && size.ws_col < code.columns) {
    fmt::print(stderr, "a terminal of {} columns would show it as a QR code\n", code.columns);
  } else {
    fmt::print("\n{}", code.lines);
  }
  base::wipe(code.lines.data(), code.lines.size());
}

int create(Context& context, const InviteOptions& options) {
  const auto agent = context.call("GET", "/api/v1/agents/" + segment(options.agent));
  if (!agent) return context.fail(agent.error());
  json::object body{{"agentId", text_of(agent->value, "id")}, {"expires", options.expires}};
  if (options.name) body["name"] = *options.name;
  if (options.description) body["description"] = *options.description;
  if (options.url) body["url"] = *options.url;
  const auto reply = context.call("POST", "/api/v1/invites", body);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    auto link = text_of(reply->value, "link");
    fmt::print("{}\n", link);
    if (isatty(STDOUT_FILENO) != 0) draw(link);
    base::wipe(link.data(), link.size());
    fmt::print(
        stderr,
        "whoever opens it first gets a key for {} for one year; it leads to {} and ends {}\n",
        text_of(agent->value, "name"), text_of(reply->value, "url"),
        date_of(reply->value, "expiresAt"));
  });
}

int list(Context& context) {
  const auto invites = context.all_of("/api/v1/invites", "invites");
  if (!invites) return context.fail(invites.error());
  return context.show(json::object{{"invites", *invites}}, [&] {
    Table table({"NONCE", "NAME", "STATUS", "MADE", "ENDS", "USED", "FROM"});
    for (const auto& invite : *invites) {
      table.add({text_of(invite, "nonce"), base::printable(text_of(invite, "name"), 40),
                 text_of(invite, "status"), date_of(invite, "createdAt"),
                 date_of(invite, "expiresAt"), date_of(invite, "usedAt"),
                 text_of(invite, "redeemedFrom")});
    }
    table.print("no invites: kronborg invite create --agent A");
  });
}

int revoke(Context& context, const InviteOptions& options) {
  const auto reply = context.call("DELETE", "/api/v1/invites/" + segment(options.nonce));
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("revoked{}\n",
               text_of(reply->value, "keyId").empty() ? "" : ", and the key that it gave with it");
  });
}

}  // namespace

void add_invite_commands(const Shell& shell) {
  const auto noun = shell.noun("invite", "links that give whoever opens them first a key");
  auto& context = shell.context;
  auto options = std::make_shared<InviteOptions>();
  auto* create_verb = noun.verb("create", "make a link, and its QR code on a terminal",
                                "kronborg invite create --agent scribe --expires 1d",
                                [&context, options] { return create(context, *options); });
  create_verb->add_option("--agent", options->agent, "name, UUID or address")->required();
  create_verb->add_option("--expires", options->expires, "life of the link")
      ->check(CLI::IsMember({"1h", "1d", "7d", "30d"}))
      ->capture_default_str();
  create_verb->add_option("--name", options->name, "what whoever opens it sees; else the agent's");
  create_verb->add_option("--description", options->description, "one line more");
  create_verb->add_option("--url", options->url, "where the host is reached; else its own origin");
  noun.verb("list", "list the invites", "kronborg invite list",
            [&context] { return list(context); });
  noun.verb("revoke", "end a link, and the key that it gave",
            "kronborg invite revoke nWqE0mUvY0cV4mJ6m1m3x2hZ7s9Q5rT8uVwXyZaBcDe",
            [&context, options] { return revoke(context, *options); })
      ->add_option("nonce", options->nonce, "as in the list")
      ->required();
}

}  // namespace kronborg::cli
