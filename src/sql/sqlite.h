#pragma once

#include <filesystem>
#include <memory>

#include "sql/database.h"

namespace kronborg::sql {

/// sql::open for a file.
base::Result<std::unique_ptr<Database>> open_sqlite(const std::filesystem::path& file, int readers);

}  // namespace kronborg::sql
