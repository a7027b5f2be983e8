#include "cli/commands.h"

#include <array>

namespace kronborg::cli {

CLI::App* Shell::verb(const char* name, const char* summary, const char* example,
                      std::function<int()> run) const {
  auto* command = parent.add_subcommand(name, summary);
  command->footer(std::string("Example:\n  ") + example);
  command->callback([run = std::move(run), &code = exit_code] { code = run(); });
  return command;
}

Shell Shell::noun(const char* name, const char* summary) const {
  auto* command = parent.add_subcommand(name, summary);
  command->require_subcommand(1);
  command->footer(std::string("See 'kronborg ") + name + " <verb> --help' for each verb.");
  return {*command, context, exit_code};
}

void add_commands(const Shell& shell) {
  static constexpr std::array table{
      add_identity_commands, add_recovery_commands,  add_serve_command,       add_agent_commands,
      add_pairing_commands,  add_pair_commands,      add_invite_commands,     add_key_commands,
      add_device_commands,   add_whitelist_commands, add_credential_commands, add_audit_commands,
      add_store_commands,    add_space_commands,     add_connect_command,     add_request_command,
      add_config_commands,   add_doctor_command,     add_about_commands,
  };
  for (const auto add : table) add(shell);
}

}  // namespace kronborg::cli
