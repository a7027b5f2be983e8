#pragma once

#include <memory>
#include <string>

#include "sql/database.h"

namespace kronborg::sql {

/// sql::open for a postgresql:// URL.
base::Result<std::unique_ptr<Database>> open_postgres(const std::string& url, int readers);

}  // namespace kronborg::sql
