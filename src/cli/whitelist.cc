#include <fmt/format.h>

#include "cli/commands.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;

struct WhitelistOptions {
  std::string address;
  std::optional<std::string> agent, label;
};

base::Result<std::optional<std::string>> agent_id(Context& context,
                                                  const WhitelistOptions& options) {
  if (!options.agent) return std::optional<std::string>();
  TRY(const auto agent, context.call("GET", "/api/v1/agents/" + segment(*options.agent)));
  return std::optional<std::string>(text_of(agent.value, "id"));
}

int list(Context& context) {
  const auto entries = context.all_of("/api/v1/whitelist", "whitelistEntries");
  if (!entries) return context.fail(entries.error());
  return context.show(json::object{{"whitelistEntries", *entries}}, [&] {
    Table table({"ADDRESS", "FOR", "LABEL", "SINCE"});
    for (const auto& entry : *entries) {
      const auto agent = text_of(entry, "agentId");
      table.add({text_of(entry, "address"), agent.empty() ? "everything" : "agent " + agent,
                 text_of(entry, "label"), date_of(entry, "createdAt")});
    }
    table.print("nobody else may issue keys: kronborg whitelist add ADDRESS");
  });
}

int add(Context& context, const WhitelistOptions& options) {
  const auto agent = agent_id(context, options);
  if (!agent) return context.fail(agent.error());
  json::object body{{"address", options.address}};
  if (*agent) body["agentId"] = **agent;
  if (options.label) body["label"] = *options.label;
  const auto reply = context.call("POST", "/api/v1/whitelist", body);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("{} may issue keys for {} from now on\n", text_of(reply->value, "address"),
               *agent ? "agent " + **agent : "everything here");
  });
}

int remove(Context& context, const WhitelistOptions& options) {
  const auto agent = agent_id(context, options);
  if (!agent) return context.fail(agent.error());
  auto path = "/api/v1/whitelist/" + segment(options.address);
  if (*agent) path += "?agentId=" + **agent;
  const auto reply = context.call("DELETE", path);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("removed: its keys are refused from the next request on\n");
  });
}

}  // namespace

void add_whitelist_commands(const Shell& shell) {
  const auto noun = shell.noun("whitelist", "who else may issue keys");
  auto& context = shell.context;
  auto options = std::make_shared<WhitelistOptions>();
  noun.verb("list", "list who may issue keys", "kronborg whitelist list",
            [&context] { return list(context); });
  const auto common = [options](CLI::App* verb) {
    verb->add_option("address", options->address, "0x and 40 hexadecimal digits")->required();
    verb->add_option("--agent", options->agent, "only for this agent (name, UUID or address)");
    return verb;
  };
  common(
      noun.verb(
          "add", "let an address issue keys",
          "kronborg whitelist add 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --label 'second host'",
          [&context, options] { return add(context, *options); }))
      ->add_option("--label", options->label, "who it is");
  common(noun.verb("remove", "take an address off a list",
                   "kronborg whitelist remove 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                   [&context, options] { return remove(context, *options); }));
}

}  // namespace kronborg::cli
