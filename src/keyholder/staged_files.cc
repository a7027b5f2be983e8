#include "keyholder/staged_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ranges>
#include <utility>

#include "keyholder/content.h"

namespace kronborg::keyholder {
namespace {

namespace fs = std::filesystem;

base::Error failure(std::string_view verb, const fs::path& path) {
  return file_failure(fmt::format("{} {}", verb, path.string()), errno);
}

base::Result<void> sync_folder_of(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return failure("open", folder);
  // EINVAL: a file system whose folders have nothing to sync.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return failure("sync", folder);
  return {};
}

int rename_with(const std::string& from, const fs::path& to, unsigned flags) {
  return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags);
}

}  // namespace

StagedFiles::~StagedFiles() {
  for (const File& file : files_) {
    if (file.place == File::Place::beside) ::unlink(file.temporary.c_str());
  }
}

base::Result<int> StagedFiles::add(const fs::path& target, Existing existing) {
  std::string temporary = target.string() + ".XXXXXX";
  Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!descriptor.valid()) return failure("create a file beside", target);
  const int fd = descriptor.get();
  files_.push_back({.target = target,
                    .temporary = std::move(temporary),
                    .existing = existing,
                    .descriptor = std::move(descriptor)});
  return fd;
}

base::Result<void> StagedFiles::commit() {
  for (const File& file : files_) {
    if (::fsync(file.descriptor.get()) != 0) return failure("write", file.target);
  }
  if (auto done = put_all_in_place(); !done) {
    for (File& file : std::views::reverse(files_)) put_back(file);
    return done;
  }
  for (const File& file : files_) {
    if (file.place == File::Place::exchanged) ::unlink(file.temporary.c_str());
  }
  files_.clear();
  return {};
}

base::Result<void> StagedFiles::put_all_in_place() {
  for (File& file : files_) TRY_VOID(put_in_place(file));
  for (const File& file : files_) TRY_VOID(sync_folder_of(file.target));
  return {};
}

base::Result<void> StagedFiles::put_in_place(File& file) {
  if (rename_with(file.temporary, file.target, RENAME_NOREPLACE) == 0) {
    file.place = File::Place::named;
    return {};
  }
  if (errno == EEXIST) {
    if (file.existing == Existing::refuse) return base::Code::identity_exists;
    if (rename_with(file.temporary, file.target, RENAME_EXCHANGE) == 0) {
      file.place = File::Place::exchanged;
      return {};
    }
  }
  const bool without_flags = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
  if (!without_flags) return failure("replace", file.target);
  const bool exists = ::access(file.target.c_str(), F_OK) == 0;
  if (exists && file.existing == Existing::refuse) return base::Code::identity_exists;
  if (::rename(file.temporary.c_str(), file.target.c_str()) != 0) {
    return failure("replace", file.target);
  }
  file.place = exists ? File::Place::replaced : File::Place::named;
  return {};
}

void StagedFiles::put_back(File& file) {
  int failed = 0;
  if (file.place == File::Place::exchanged) {
    failed = rename_with(file.temporary, file.target, RENAME_EXCHANGE);
  } else if (file.place == File::Place::named) {
    failed = ::rename(file.target.c_str(), file.temporary.c_str());
  } else {
    return;
  }
  // When even that fails, the temporary name keeps the old file: it must not be removed.
  if (failed == 0) file.place = File::Place::beside;
}

}  // namespace kronborg::keyholder
