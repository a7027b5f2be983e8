#include "cli/completion.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "cli/stored_spaces.h"

namespace kronborg::cli {
namespace {

constexpr std::string_view bash = R"(_kronborg() {
  local IFS=$'\n'
  COMPREPLY=($(kronborg complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _kronborg kronborg
)";

constexpr std::string_view zsh = R"(#compdef kronborg
_kronborg() {
  local -a found
  found=("${(@f)$(kronborg complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- $found
}
compdef _kronborg kronborg
)";

constexpr std::string_view fish = R"(function __kronborg_complete
  set -l words (commandline -opc) (commandline -ct)
  kronborg complete -- $words[2..-1] 2>/dev/null
end
complete -c kronborg -f -a '(__kronborg_complete)'
)";

/// Names from a list of the API; none when it cannot be read.
std::vector<std::string> names(Context& context, std::string_view path, std::string_view list,
                               std::initializer_list<std::string_view> members) {
  std::vector<std::string> found;
  const auto client = context.client();
  if (!client) return found;
  const auto reply = (*client)->call("GET", path, std::nullopt);
  if (!reply || !reply->ok()) return found;
  for (const auto& item : array_of(reply->value, list)) {
    for (const auto member : members) found.push_back(text_of(item, member));
  }
  return found;
}

/// The spaces of this machine, from its own file alone.
std::vector<std::string> space_names(const Context& context) {
  std::vector<std::string> found;
  const auto folder = context.folder();
  std::error_code ignored;
  if (!folder || !std::filesystem::exists(*folder, ignored)) return found;
  const auto stored = StoredSpaces::load(*folder);
  if (!stored) return found;
  for (const auto& space : stored->all()) {
    for (const auto& name : {space.name, space.space_id}) {
      if (!name.empty() && base::printable(name) == name) found.push_back(name);
    }
  }
  return found;
}

/// What the values of an option or a position are called in the table of commands.
std::vector<std::string> values_of(const CLI::Option& option, Context& context) {
  const auto name = option.get_name();
  if (name == "agent" || name == "--agent") {
    return names(context, "/api/v1/agents?limit=500", "agents", {"name", "id", "address"});
  }
  if (name == "key")
    return names(context, "/api/v1/access-keys?limit=500", "accessKeys", {"label", "id"});
  if (name == "id") return names(context, "/api/v1/credentials?limit=500", "credentials", {"id"});
  if (name == "address")
    return names(context, "/api/v1/whitelist?limit=500", "whitelistEntries", {"address"});
  if (name == "space") return space_names(context);
  if (name == "shell") return {"bash", "zsh", "fish"};
  if (name == "kind") return {"metrics"};
  if (name == "--expires") return {"30d", "90d", "1y", "never"};
  if (name == "--keystore") return {"passphrase", "file"};
  if (name == "--shared" || name == "--approval" || name == "--require-verified")
    return {"on", "off"};
  if (name == "--role") return {"participant", "observer"};
  if (name == "--type") return {"text", "html", "image"};
  if (name == "--intent") return {"approve", "acknowledge"};
  return {};
}

CLI::App* verb_named(CLI::App& command, const std::string& word) {
  for (auto* verb : command.get_subcommands(nullptr)) {
    if (verb->get_name() == word) return verb;
  }
  return nullptr;
}

const CLI::Option* option_named(CLI::App& command, const std::string& word) {
  for (const auto* option : command.get_options()) {
    if (option->check_name(word)) return option;
  }
  return nullptr;
}

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "zsh") return zsh;
  return shell == "fish" ? fish : bash;
}

std::vector<std::string> candidates(CLI::App& program, Context& context,
                                    const std::vector<std::string>& words) {
  CLI::App* command = &program;
  const CLI::Option* awaiting = nullptr;  // option whose value is the next word
  std::size_t position = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (awaiting != nullptr) {
      awaiting = nullptr;
    } else if (words[i].starts_with('-')) {
      const auto* option = option_named(*command, words[i]);
      if (option != nullptr && option->get_items_expected_max() > 0) awaiting = option;
    } else if (auto* verb = verb_named(*command, words[i])) {
      command = verb;
    } else {
      ++position;
    }
  }
  const auto start = words.empty() ? std::string() : words.back();
  std::vector<std::string> found;
  if (awaiting != nullptr) {
    found = values_of(*awaiting, context);
  } else if (start.starts_with('-')) {
    for (const auto* option : command->get_options()) {
      for (const auto& name : option->get_lnames()) found.push_back("--" + name);
    }
  } else {
    for (const auto* verb : command->get_subcommands(nullptr)) {
      if (!verb->get_group().empty()) found.push_back(verb->get_name());
    }
    std::size_t place = 0;
    for (const auto* option : command->get_options()) {
      if (!option->get_positional() || place++ != position) continue;
      for (auto& value : values_of(*option, context)) found.push_back(std::move(value));
    }
  }
  std::erase_if(found,
                [&](const std::string& text) { return !text.starts_with(start) || text.empty(); });
  return found;
}

}  // namespace kronborg::cli
