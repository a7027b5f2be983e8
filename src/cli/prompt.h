#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace kronborg::cli {

/// Standard input and standard error are a terminal.
bool is_interactive();

/// A secret from a file, from standard input when `file` is "-", or asked for on the terminal
/// without echo. `option` names what gives it when there is no terminal. Errors: not_interactive,
/// file_error.
base::Result<base::SecretText> read_secret(const std::optional<std::filesystem::path>& file,
                                           std::string_view question, std::string_view option);

/// Asked twice; both must agree. Error: usage when they differ.
base::Result<base::SecretText> read_new_secret(const std::optional<std::filesystem::path>& file,
                                               std::string_view question, std::string_view option);

/// A line typed on the terminal. Error: not_interactive naming `option`.
base::Result<std::string> read_line(std::string_view question, std::string_view option);

}  // namespace kronborg::cli
