#include "sql/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <string>

#include "base/text.h"

namespace kronborg::sql {

namespace {

bool is_damage(int extended_code) {
  switch (extended_code) {
    case SQLITE_IOERR_SHORT_READ:
    case SQLITE_IOERR_CORRUPTFS:
    case SQLITE_IOERR_DATA:
      return true;
    default:
      return (extended_code & 0xff) == SQLITE_CORRUPT || (extended_code & 0xff) == SQLITE_NOTADB;
  }
}

bool is_full(int extended_code, int system_error) {
  const int code = extended_code & 0xff;
  return code == SQLITE_FULL ||
         (code == SQLITE_IOERR && (system_error == ENOSPC || system_error == EDQUOT));
}

base::Error unavailable(std::string_view file, std::string_view what, std::string hint) {
  return {base::Code::store_unavailable,
          fmt::format("The store {} {}; nothing was changed.", file, what), std::move(hint)};
}

}  // namespace

base::Error sqlite_error(int extended_code, int system_error, std::string_view message,
                         const std::filesystem::path& path) {
  const auto file = base::printable(path.string());
  if (is_full(extended_code, system_error)) {
    return {base::Code::store_full,
            fmt::format("The disk of the store {} is full; nothing was changed.", file)};
  }
  if (is_damage(extended_code)) {
    return {base::Code::store_damaged,
            fmt::format("The store {} is damaged: {}.", file, base::printable(message))};
  }
  switch (extended_code & 0xff) {
    case SQLITE_CONSTRAINT:
      return base::Code::conflict;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return unavailable(file, "is held by another program", "Close that program, then repeat.");
    case SQLITE_READONLY:
      return unavailable(file, "cannot be written", "Make the file and its folder writable.");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return unavailable(file, "cannot be opened",
                         "Check that the file and its folder belong to this user.");
    case SQLITE_IOERR:
      return unavailable(file, fmt::format("has a disk error ({})", extended_code),
                         "Look at the disk (dmesg), then restart kronborg.");
    default:
      return {base::Code::internal_error,
              fmt::format("The store refused a statement: {}.", base::printable(message))};
  }
}

}  // namespace kronborg::sql
