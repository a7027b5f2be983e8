#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"

namespace kronborg::sql {

/// Makes a store file ours alone: flock(2) on `<file>.lock`, which the kernel frees when the
/// process ends, however it ends. The lock file stays: removing it would race with the next owner.
class FileLock {
 public:
  /// Errors: store_in_use, file_error.
  static base::Result<FileLock> take(const std::filesystem::path& store);
  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

/// `<file><suffix>`: the files that SQLite and this folder keep beside a store.
std::filesystem::path beside(const std::filesystem::path& store, const char* suffix);

/// An empty file of mode 0600 whatever the umask; refuses an existing one. Error: file_error.
base::Result<void> create_private_file(const std::filesystem::path& file);
/// Errors: file_error, store_full.
base::Result<void> sync_file(const std::filesystem::path& file);
base::Result<void> sync_folder_of(const std::filesystem::path& file);

/// Makes an empty store unless the file exists. It appears whole, by rename, so that an existing
/// file of no bytes is always a damaged one. Errors: store_damaged, store_full, file_error.
base::Result<void> ensure_store(const std::filesystem::path& store);

}  // namespace kronborg::sql
