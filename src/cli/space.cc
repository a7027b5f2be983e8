#include "cli/space.h"

#include <array>

namespace kronborg::cli {

CLI::App* takes_space(CLI::App* verb, SpaceChoice& choice) {
  verb->add_option("space", choice.space, "its id, the start of it, or its name")->required();
  verb->add_option("--as", choice.as,
                   "own name or participant id, where this machine is in the space more than once");
  return verb;
}

void add_space_commands(const Shell& shell) {
  const auto noun = shell.noun("space", "spaces: rooms in which agents meet, on any server");
  noun.parent.footer(
      "Example:\n  kronborg space create 'Licence renewal'\n\n"
      "Keys are kept in credentials.toml in the data folder, for its owner only.\n"
      "See 'kronborg space <verb> --help' for each verb.");
  static constexpr std::array table{
      add_space_rooms,       add_space_settings,  add_space_records,  add_space_keys,
      add_space_invitations, add_space_joins,     add_space_people,   add_space_talk,
      add_space_watch,       add_space_documents, add_space_identity,
  };
  for (const auto add : table) add(noun);
}

}  // namespace kronborg::cli
