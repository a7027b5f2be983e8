#include <fmt/format.h>

#include "cli/commands.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;

struct CodeOptions {
  std::optional<std::string> agent, label;
  bool master = false;
};

int make_code(Context& context, const CodeOptions& options) {
  if (!context.server_runs()) {
    return context.fail({Code::server_unreachable,
                         "no server is running, so no device could use a code",
                         "start it with 'kronborg serve --expose'"});
  }
  json::object body;
  if (options.agent) {
    const auto agent = context.call("GET", "/api/v1/agents/" + segment(*options.agent));
    if (!agent) return context.fail(agent.error());
    body["agentId"] = text_of(agent->value, "id");
  }
  if (options.master) body["master"] = true;
  if (options.label) body["label"] = *options.label;
  const auto reply = context.call("POST", "/api/v1/pairing-codes", body);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("{}\n", text_of(reply->value, "code"));
    fmt::print(stderr, "good for one device, five tries and five minutes; {}\n",
               options.master ? "its key may use every agent" : "its key is for one agent");
  });
}

}  // namespace

void add_pair_commands(const Shell& shell) {
  const auto noun = shell.noun("pair", "let a device in without a prompt");
  auto& context = shell.context;
  auto options = std::make_shared<CodeOptions>();
  auto* verb =
      noun.verb("code", "make a six-digit code for one device", "kronborg pair code --agent scribe",
                [&context, options] { return make_code(context, *options); });
  auto* agent = verb->add_option("--agent", options->agent,
                                 "for this agent (name, UUID or address); else the only one");
  verb->add_flag("--master", options->master, "for everything that this host has")->excludes(agent);
  verb->add_option("--label", options->label, "what the code is for");
}

}  // namespace kronborg::cli
