#include <fmt/format.h>

#include "cli/commands.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;

struct AgentOptions {
  std::string agent, name;
  std::optional<std::string> new_name, description, upstream, shared, scope;
  std::uint32_t index = 0;
};

int show_agent(Context& context, const base::Result<Reply>& reply) {
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    const auto& agent = reply->value.is_object() && reply->value.get_object().contains("agent")
                            ? reply->value.get_object().at("agent")
                            : reply->value;
    Facts facts;
    facts.add("name", text_of(agent, "name"));
    facts.add("address", text_of(agent, "address"));
    facts.add("id", text_of(agent, "id"));
    if (const auto text = text_of(agent, "description"); !text.empty())
      facts.add("description", text);
    if (const auto text = text_of(agent, "upstream"); !text.empty()) facts.add("upstream", text);
    facts.add("index", text_of(agent, "index"));
    facts.add("created", date_of(agent, "createdAt"));
    facts.add("shared", flag_of(agent, "shared") ? "yes" : "no");
    facts.add("live keys", text_of(agent, "keyCount"));
    facts.print();
    if (const auto revoked = text_of(reply->value, "revoked"); !revoked.empty()) {
      fmt::print(stderr, "{} keys of the old address are revoked\n", revoked);
    }
  });
}

int create(Context& context, const AgentOptions& options) {
  json::object body{{"name", options.name}};
  if (options.upstream) body["upstream"] = *options.upstream;
  if (options.description) body["description"] = *options.description;
  return show_agent(context, context.call("POST", "/api/v1/agents", body));
}

int list(Context& context) {
  const auto agents = context.all_of("/api/v1/agents", "agents");
  if (!agents) return context.fail(agents.error());
  return context.show(json::object{{"agents", *agents}}, [&] {
    Table table({"NAME", "ADDRESS", "KEYS", "UPSTREAM", "CREATED"});
    for (const auto& agent : *agents) {
      table.add({text_of(agent, "name"), text_of(agent, "address"), text_of(agent, "keyCount"),
                 text_of(agent, "upstream"), date_of(agent, "createdAt")});
    }
    table.print("no agents yet: kronborg agent create NAME");
  });
}

std::string path_of(const AgentOptions& options) {
  return "/api/v1/agents/" + segment(options.agent);
}

int set(Context& context, const AgentOptions& options) {
  json::object body;
  // An empty text clears what can be empty.
  const auto put = [&](const char* member, const std::optional<std::string>& text) {
    if (text) body[member] = text->empty() ? json::value(nullptr) : json::value(*text);
  };
  if (options.new_name) body["name"] = *options.new_name;
  put("description", options.description);
  put("upstream", options.upstream);
  if (options.shared) body["shared"] = *options.shared == "on";
  if (body.empty()) {
    return context.fail({base::Code::usage, "nothing to change",
                         "give --name, --description, --upstream or --shared"});
  }
  return show_agent(context, context.call("PATCH", path_of(options), body));
}

int remove(Context& context, const AgentOptions& options) {
  const auto reply = context.call("DELETE", path_of(options));
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("agent deleted, {} keys revoked\n", text_of(reply->value, "revoked"));
  });
}

int import(Context& context, const AgentOptions& options) {
  json::object body{{"name", options.name}, {"index", options.index}};
  if (options.scope) body["deviceScope"] = *options.scope;
  return show_agent(context, context.call("POST", "/api/v1/agents/import", body));
}

}  // namespace

void add_agent_commands(const Shell& shell) {
  const auto noun = shell.noun("agent", "agents: names with addresses of their own");
  auto& context = shell.context;
  auto options = std::make_shared<AgentOptions>();
  const auto needs_agent = [options](CLI::App* verb) {
    verb->add_option("agent", options->agent, "name, UUID or address")->required();
    return verb;
  };
  auto* made = noun.verb("create", "make an agent",
                         "kronborg agent create researcher --upstream http://127.0.0.1:8000",
                         [&context, options] { return create(context, *options); });
  made->add_option("name", options->name, "its name")->required();
  made->add_option("--upstream", options->upstream, "its own upstream URL");
  made->add_option("--description", options->description, "what it is for");
  noun.verb("list", "list the agents", "kronborg agent list", [&context] { return list(context); });
  needs_agent(noun.verb(
      "show", "show an agent", "kronborg agent show researcher",
      [&context, options] { return show_agent(context, context.call("GET", path_of(*options))); }));
  auto* changed = needs_agent(noun.verb("set", "change an agent; an empty text clears",
                                        "kronborg agent set researcher --upstream ''",
                                        [&context, options] { return set(context, *options); }));
  changed->add_option("--name", options->new_name, "new name");
  changed->add_option("--description", options->description, "new description");
  changed->add_option("--upstream", options->upstream, "new upstream URL");
  changed
      ->add_option("--shared", options->shared,
                   "on or off: advertise it on the network while exposed")
      ->check(CLI::IsMember({"on", "off"}));
  needs_agent(noun.verb("rotate", "a new address for the same agent; keys of the old one die",
                        "kronborg agent rotate researcher", [&context, options] {
                          return show_agent(context,
                                            context.call("POST", path_of(*options) + "/rotate"));
                        }));
  needs_agent(noun.verb("delete", "remove an agent; its keys die",
                        "kronborg agent delete researcher",
                        [&context, options] { return remove(context, *options); }));
  auto* brought = noun.verb("import", "bring back an agent by its index",
                            "kronborg agent import researcher --index 4",
                            [&context, options] { return import(context, *options); });
  brought->add_option("name", options->name, "its name")->required();
  brought->add_option("--index", options->index, "its index")->required();
  brought->add_option("--scope", options->scope,
                      "device id it was made on; empty for the oldest form");
}

}  // namespace kronborg::cli
