#include <fmt/format.h>

#include "base/file.h"
#include "cli/commands.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;

void print_settings(const json::value& view) {
  fmt::print(stderr, "file: {}\n", text_of(view, "file"));
  Table table({"KEY", "VALUE", "SET BY"});
  for (const auto& setting : array_of(view, "settings")) {
    table.add({text_of(setting, "key"), text_of(setting, "value"), text_of(setting, "source")});
  }
  table.print("");
}

/// What the running server uses; without one, what a server would use.
int show(Context& context) {
  if (context.server_runs()) {
    const auto reply = context.call("GET", "/api/v1/config");
    if (!reply) return context.fail(reply.error());
    return context.show(reply->value, [&] { print_settings(reply->value); });
  }
  const auto config = context.load_config();
  if (!config) return context.fail(config.error());
  const auto view = config->view();
  return context.show(view, [&] { print_settings(view); });
}

int check(Context& context) {
  const auto config = context.load_config();
  if (!config) return context.fail(config.error());
  if (const auto settings = app::settle(*config); !settings) return context.fail(settings.error());
  return context.show(json::object{{"file", config->file().string()}, {"ok", true}},
                      [&] { fmt::print("{} is valid\n", config->file().string()); });
}

int init(Context& context) {
  const auto file = context.config_file ? std::filesystem::path(*context.config_file)
                                        : app::config_file(context.environment());
  std::error_code failure;
  if (std::filesystem::exists(file, failure)) {
    return context.fail({base::Code::conflict, fmt::format("{} exists", file.string()),
                         "edit it, or move it away first"});
  }
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), failure);
  if (const auto written = base::replace_file(file, app::config_template()); !written) {
    return context.fail(written.error());
  }
  return context.show(json::object{{"file", file.string()}},
                      [&] { fmt::print("{}\n", file.string()); });
}

}  // namespace

void add_config_commands(const Shell& shell) {
  const auto noun = shell.noun("config", "the configuration: show, check, start a file");
  auto& context = shell.context;
  noun.verb("show", "effective values, each with where it is set", "kronborg config show",
            [&context] { return show(context); });
  noun.verb("check", "check the configuration without starting anything", "kronborg config check",
            [&context] { return check(context); });
  noun.verb("init", "write a file with every key and its default", "kronborg config init",
            [&context] { return init(context); });
}

}  // namespace kronborg::cli
