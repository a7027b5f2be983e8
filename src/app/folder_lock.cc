#include "app/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace kronborg::app {

base::Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  const auto file = folder / "kronborg.lock";
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return base::Error(base::Code::file_error,
                       fmt::format("{} cannot be opened: {}", file.string(), strerror(errno)));
  }
  FolderLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return base::Error(
        base::Code::store_in_use, fmt::format("another kronborg works in {}", folder.string()),
        "wait for it to end, or stop it; a running server is reached through its socket");
  }
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace kronborg::app
