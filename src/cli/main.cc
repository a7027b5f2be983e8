#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "cli/commands.h"
#include "keyholder/keyholder.h"

namespace {

using namespace kronborg;  // NOLINT(google-build-using-namespace): main file

/// Secrets pass through this process: no core file, no reading by a debugger of the same user.
void keep_memory_private() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

int run(int argc, char** argv) {
  CLI::App program("kronborg: identity and access authority for AI agents", "kronborg");
  program.require_subcommand(1);
  program.footer(
      "Example:\n  kronborg serve --demo\n\nSee 'kronborg <command> --help' for each command.");
  cli::Context context(app::process_environment());
  int exit_code = cli::done;
  program.add_flag("--json", context.json, "print the API's answer as one JSON value");
  program.add_option("--config", context.config_file, "configuration file");
  program.add_option("--passphrase-file", context.passphrase_file,
                     "file with the passphrase, for commands that sign while no server runs ('-': "
                     "standard input)");
  program.add_option("--pin-file", context.pin_file,
                     "the same with the PIN of a keystore in a TPM ('-': standard input)");
  program.fallthrough();
  cli::add_commands({program, context, exit_code});
  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(program.help().c_str(), stdout);
  } catch (const CLI::ParseError& failure) {
    base::Error error(base::Code::usage, failure.what(), "see --help of the command");
    return context.fail(error);
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // The holder is started by its parent with its end of the socket pair as descriptor 3.
  if (argc == 2 && std::string_view(argv[1]) == "key-holder") return keyholder::run_key_holder(3);
  if (argc == 4 && std::string_view(argv[1]) == "keyring") {
    return keyholder::run_keyring(argv[2], argv[3]);
  }
  keep_memory_private();
  // The TPM2 stack writes of every refusal to standard error; ours are told in our own words.
  ::setenv("TSS2_LOG", "all+NONE", 0);
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "kronborg: %s\n", failure.what());
    return cli::server_error;
  }
}
