#include <fmt/format.h>

#include "cli/commands.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;

struct AuditOptions {
  std::optional<std::string> since, type;
  bool follow = false;
};

void print_event(const json::value& event) {
  fmt::print("{}  {:<18}  {:<8}  {}  {}\n", date_of(event, "at"), text_of(event, "type"),
             text_of(event, "actor"), text_of(event, "subject"), text_of(event, "detail"));
}

int list(Context& context, const AuditOptions& options) {
  std::string path = "/api/v1/audit?";
  if (options.type) path += "type=" + segment(*options.type) + "&";
  if (options.since) path += "since=" + segment(*options.since) + "&";
  path.pop_back();
  const auto events = context.all_of(path, "auditEvents");
  if (!events) return context.fail(events.error());
  return context.show(json::object{{"auditEvents", *events}}, [&] {
    for (const auto& event : *events) print_event(event);
    if (events->empty()) fmt::print(stderr, "nothing so far\n");
  });
}

/// Lines of the event stream; with --json one JSON value per event.
int follow(Context& context, const AuditOptions& options) {
  auto client = context.client();
  if (!client) return context.fail(client.error());
  const auto followed = (*client)->follow("/api/v1/events", [&](std::string_view line) {
    if (!line.starts_with("data: ")) return true;
    const auto event = base::parse_json(line.substr(6));
    if (!event) return true;
    if (options.type && !text_of(*event, "type").starts_with(*options.type)) return true;
    if (context.json) {
      fmt::print("{}\n", line.substr(6));
    } else {
      print_event(*event);
    }
    std::fflush(stdout);
    return true;
  });
  return followed ? static_cast<int>(done) : context.fail(followed.error());
}

int verify(Context& context) {
  const auto reply = context.call("GET", "/api/v1/audit/verify");
  if (!reply) return context.fail(reply.error());
  context.show(reply->value, [&] {
    const auto broken = text_of(reply->value, "brokenAt");
    if (broken.empty()) {
      fmt::print("{} rows, none altered or missing\n", text_of(reply->value, "rows"));
    } else {
      fmt::print("row {} was altered, or one before it is missing\n", broken);
    }
  });
  return text_of(reply->value, "brokenAt").empty() ? done : server_error;
}

}  // namespace

void add_audit_commands(const Shell& shell) {
  auto& context = shell.context;
  auto options = std::make_shared<AuditOptions>();
  auto* command = shell.parent.add_subcommand("audit", "what happened, and who asked for it");
  command->footer("Example:\n  kronborg audit --type key --since 2026-01-01T00:00:00Z");
  command->add_option("--since", options->since, "RFC 3339 time");
  command->add_option("--type", options->type, "a type such as key.revoke, or a noun such as key");
  command->add_flag("--follow", options->follow,
                    "stay and show what happens (needs a running server)");
  auto* verification = command->add_subcommand("verify", "recompute the chain of the log");
  verification->footer("Example:\n  kronborg audit verify");
  verification->callback([&context, &code = shell.exit_code] { code = verify(context); });
  command->callback([&context, options, verification, &code = shell.exit_code] {
    if (verification->parsed()) return;
    code = options->follow ? follow(context, *options) : list(context, *options);
  });
}

}  // namespace kronborg::cli
