#include <fmt/format.h>

#include "cli/commands.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;

struct CredentialOptions {
  std::string kind = "metrics", label, id;
};

int create(Context& context, const CredentialOptions& options) {
  const auto reply = context.call("POST", "/api/v1/credentials",
                                  json::object{{"kind", options.kind}, {"label", options.label}});
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("{}\n", std::string_view(reply->value.at("credential").as_string()));
    fmt::print(stderr,
               "\nThis credential is shown once. Send it as Authorization: Bearer to /metrics.\n");
  });
}

int list(Context& context) {
  const auto credentials = context.all_of("/api/v1/credentials", "credentials");
  if (!credentials) return context.fail(credentials.error());
  return context.show(json::object{{"credentials", *credentials}}, [&] {
    Table table({"ID", "KIND", "LABEL", "CREATED"});
    for (const auto& item : *credentials) {
      table.add({text_of(item, "id"), text_of(item, "kind"), text_of(item, "label"),
                 date_of(item, "createdAt")});
    }
    table.print("no credentials: kronborg credential create metrics --label NAME");
  });
}

}  // namespace

void add_credential_commands(const Shell& shell) {
  const auto noun = shell.noun("credential", "credentials for scraping metrics");
  auto& context = shell.context;
  auto options = std::make_shared<CredentialOptions>();
  auto* made = noun.verb("create", "make a credential; it is shown once",
                         "kronborg credential create metrics --label prometheus",
                         [&context, options] { return create(context, *options); });
  made->add_option("kind", options->kind, "metrics")->required()->check(CLI::IsMember({"metrics"}));
  made->add_option("--label", options->label, "who uses it")->required();
  noun.verb("list", "list the credentials", "kronborg credential list",
            [&context] { return list(context); });
  noun.verb("revoke", "end a credential",
            "kronborg credential revoke 6f2c0c86-3c3f-4c53-9d4e-3c0a4f5b1d2e",
            [&context, options] {
              const auto reply =
                  context.call("DELETE", "/api/v1/credentials/" + segment(options->id));
              if (!reply) return context.fail(reply.error());
              return context.show(reply->value, [] { fmt::print("ended\n"); });
            })
      ->add_option("id", options->id, "its id")
      ->required();
}

}  // namespace kronborg::cli
