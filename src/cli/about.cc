#include <fmt/format.h>

#include "app/app.h"
#include "cli/commands.h"
#include "cli/completion.h"

namespace kronborg::cli {
namespace {

int openapi(Context& context) {
  auto client = context.client();
  if (!client) return context.fail(client.error());
  const auto reply = (*client)->call("GET", "/openapi.json", std::nullopt);
  if (!reply) return context.fail(reply.error());
  fmt::print("{}\n", reply->body);
  return reply->ok() ? done : server_error;
}

}  // namespace

void add_about_commands(const Shell& shell) {
  auto& context = shell.context;
  shell.verb("openapi", "print the OpenAPI document", "kronborg openapi > openapi.json",
             [&context] { return openapi(context); });
  shell.verb("version", "print the version", "kronborg version", [&context] {
    return context.show(base::json::object{{"version", app::version}},
                        [] { fmt::print("{}\n", app::version); });
  });
  auto name = std::make_shared<std::string>();
  shell
      .verb("completion", "print the completion script of a shell",
            "kronborg completion bash > ~/.local/share/bash-completion/completions/kronborg",
            [name] {
              fmt::print("{}", completion_script(*name));
              return static_cast<int>(done);
            })
      ->add_option("shell", *name, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  // What the scripts ask: the words so far, the last one unfinished.
  auto words = std::make_shared<std::vector<std::string>>();
  auto* asked = shell.verb("complete", "", "", [&context, &program = shell.parent, words] {
    for (const auto& candidate : candidates(program, context, *words))
      fmt::print("{}\n", candidate);
    return static_cast<int>(done);
  });
  asked->group("");
  asked->add_option("words", *words);
  asked->prefix_command();
}

}  // namespace kronborg::cli
