#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.h"

namespace kronborg::cli {

/// The script that makes a shell ask `kronborg complete`. `shell`: bash, zsh or fish.
std::string_view completion_script(std::string_view shell);

/// What can stand for the last of `words`: verbs, options, and, where a command takes one, agents,
/// labels and ids. Never asks for a passphrase and never fails: without a store there are none.
std::vector<std::string> candidates(CLI::App& program, Context& context,
                                    const std::vector<std::string>& words);

}  // namespace kronborg::cli
