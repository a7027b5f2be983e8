#pragma once

#include <toml++/toml.h>

#include <filesystem>
#include <functional>

#include "base/result.h"

namespace kronborg::cli {

// `credentials.toml` in the data folder, mode 0600 (docs/protocol/cli.md): the keys that this
// machine holds. Each kind has a table of its own in it.

/// The whole file; an empty table when there is none. Errors: data_folder_unsafe (others can read
/// it), file_error, config_invalid (not TOML).
base::Result<toml::table> read_credentials(const std::filesystem::path& folder);

/// Reads the file anew under a lock, lets `edit` change it and say whether to write it, and
/// replaces it whole, so that commands may run side by side. What is in the file afterwards.
/// Errors: as above.
base::Result<toml::table> change_credentials(const std::filesystem::path& folder,
                                             const std::function<bool(toml::table&)>& edit);

/// The table of that name in `root`; made when it is not there.
toml::table& table_in(toml::table& root, std::string_view name);
/// A member as text; empty when it is none.
std::string text_in(const toml::table& table, std::string_view name);
/// The member is left out when the text is empty.
void put_in(toml::table& table, std::string_view name, std::string_view value);

}  // namespace kronborg::cli
