#pragma once

#include <filesystem>

#include "base/result.h"

namespace kronborg::app {

/// Takes a data folder for this process: flock on `kronborg.lock` in it. Released at the end, also
/// by a crash. Move-only.
class FolderLock {
 public:
  /// Error: store_in_use (another kronborg has it), file_error.
  static base::Result<FolderLock> take(const std::filesystem::path& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace kronborg::app
