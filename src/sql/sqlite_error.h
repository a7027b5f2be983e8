#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.h"

namespace kronborg::sql {

/// An extended result code of SQLite as an error that names the file and what to do.
/// `system_error` is errno of the failed call, `message` SQLite's own text.
base::Error sqlite_error(int extended_code, int system_error, std::string_view message,
                         const std::filesystem::path& file);

}  // namespace kronborg::sql
