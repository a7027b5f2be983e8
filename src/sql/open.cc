#include "sql/open.h"

#include "sql/postgres.h"
#include "sql/sqlite.h"

namespace kronborg::sql {

base::Result<std::unique_ptr<Database>> open(const OpenOptions& options) {
  if (options.url.empty()) return open_sqlite(options.sqlite_file, options.readers);
  if (options.url.starts_with("postgresql://") || options.url.starts_with("postgres://")) {
    return open_postgres(options.url, options.readers);
  }
  // Not repeated: it may hold a password.
  return base::Error(base::Code::config_invalid, "store.url has a scheme that is not known.",
                     "Leave it empty for SQLite in the data folder, or write postgresql://…");
}

}  // namespace kronborg::sql
