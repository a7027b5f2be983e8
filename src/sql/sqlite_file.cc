#include "sql/sqlite_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/text.h"
#include "sql/sqlite_connection.h"

namespace kronborg::sql {

namespace {

constexpr mode_t private_mode = 0600;

base::Error file_failure(const char* what, const std::filesystem::path& file, int error) {
  const auto code =
      error == ENOSPC || error == EDQUOT ? base::Code::store_full : base::Code::file_error;
  return {code, fmt::format("{} {}: {}.", what, base::printable(file.string()),
                            std::generic_category().message(error))};
}

base::Result<void> sync_path(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (descriptor < 0) return file_failure("Cannot open", path, errno);
  const int failed = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (failed != 0) return file_failure("Cannot write", path, failed);
  return {};
}

}  // namespace

base::Result<FileLock> FileLock::take(const std::filesystem::path& store) {
  const auto file = beside(store, ".lock");
  const int descriptor =
      ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, private_mode);
  if (descriptor < 0) return file_failure("Cannot open the lock", file, errno);
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return file_failure("Cannot lock", file, errno);
  return base::Error(base::Code::store_in_use, fmt::format("Another kronborg uses the store {}.",
                                                           base::printable(store.string())));
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::filesystem::path beside(const std::filesystem::path& store, const char* suffix) {
  auto path = store;
  path += suffix;
  return path;
}

base::Result<void> create_private_file(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, private_mode);
  if (descriptor < 0) return file_failure("Cannot make", file, errno);
  const int failed = ::fchmod(descriptor, private_mode) == 0 ? 0 : errno;
  ::close(descriptor);
  if (failed != 0) return file_failure("Cannot make", file, failed);
  return {};
}

base::Result<void> sync_file(const std::filesystem::path& file) { return sync_path(file, 0); }

base::Result<void> sync_folder_of(const std::filesystem::path& file) {
  const auto folder = file.parent_path();
  return sync_path(folder.empty() ? std::filesystem::path(".") : folder, O_DIRECTORY);
}

base::Result<void> ensure_store(const std::filesystem::path& store) {
  std::error_code failed;
  if (std::filesystem::exists(store, failed)) {
    if (std::filesystem::file_size(store, failed) != 0 && !failed) return {};
    if (failed) return file_failure("Cannot read", store, failed.value());
    return base::Error(base::Code::store_damaged,
                       fmt::format("The store {} is empty: its content was lost.",
                                   base::printable(store.string())),
                       "Restore a backup: kronborg store restore FILE");
  }
  if (failed) return file_failure("Cannot read", store, failed.value());
  // A write-ahead log without its file is what is left of a lost store; a new file would replay it.
  if (std::filesystem::exists(beside(store, "-wal"), failed)) {
    return base::Error(base::Code::store_damaged,
                       fmt::format("The store {} is missing, but its write-ahead log is there.",
                                   base::printable(store.string())),
                       "Put the file back, or restore a backup: kronborg store restore FILE");
  }
  const auto fresh = beside(store, ".new");
  std::filesystem::remove(fresh, failed);
  TRY_VOID(create_private_file(fresh));
  {
    TRY(auto connection, SqliteConnection::connect(fresh));
    TRY_VOID(connection->mark_as_ours());
  }
  TRY_VOID(sync_file(fresh));
  if (::rename(fresh.c_str(), store.c_str()) != 0) return file_failure("Cannot make", store, errno);
  return sync_folder_of(store);
}

}  // namespace kronborg::sql
