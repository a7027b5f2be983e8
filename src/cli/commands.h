#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "cli/context.h"

namespace kronborg::cli {

/// What a command adds itself to: its parent, the context, and where its exit code goes.
struct Shell {
  CLI::App& parent;
  Context& context;
  int& exit_code;

  /// A verb whose work is `run`; `example` stands at the end of its help.
  CLI::App* verb(const char* name, const char* summary, const char* example,
                 std::function<int()> run) const;
  /// A noun that has verbs.
  [[nodiscard]] Shell noun(const char* name, const char* summary) const;
};

// One function per noun, each in its own file.
void add_identity_commands(const Shell& shell);  // init, status, unlock, lock
void add_recovery_commands(const Shell& shell);  // recover, recovery drill, new-code, words
void add_serve_command(const Shell& shell);
void add_agent_commands(const Shell& shell);
void add_key_commands(const Shell& shell);
void add_device_commands(const Shell& shell);
void add_whitelist_commands(const Shell& shell);
void add_credential_commands(const Shell& shell);
void add_space_commands(const Shell& shell);
void add_connect_command(const Shell& shell);
void add_request_command(const Shell& shell);
void add_pairing_commands(const Shell& shell);  // pairing watch, list, approve, deny
void add_pair_commands(const Shell& shell);     // pair code
void add_invite_commands(const Shell& shell);
void add_audit_commands(const Shell& shell);
void add_store_commands(const Shell& shell);
void add_config_commands(const Shell& shell);
void add_doctor_command(const Shell& shell);
void add_about_commands(const Shell& shell);  // openapi, completion, version

/// The whole command line. The table of commands.
void add_commands(const Shell& shell);

}  // namespace kronborg::cli
