#include "keyholder/staged_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
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

/// Between a file's name and six random characters.
constexpr std::string_view temporary_infix = ".kronborg-new-";
constexpr std::string_view temporary_pattern = "XXXXXX";

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

/// 0 when there is none.
std::uint64_t inode_of(const std::string& path) {
  struct stat facts{};
  return ::lstat(path.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_ino) : 0;
}

int rename_with(const std::string& from, const fs::path& to, unsigned flags) {
  return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags);
}

}  // namespace

void undo_placement(const std::vector<PlacedFile>& files) {
  for (const PlacedFile& file : std::views::reverse(files)) {
    const std::uint64_t beside = inode_of(file.temporary);
    if (inode_of(file.target) != file.inode) {
      // It never got its name.
      if (beside == file.inode && beside != 0) ::unlink(file.temporary.c_str());
    } else if (beside != 0) {
      ::rename(file.temporary.c_str(), file.target.c_str());
    } else if (!file.replaces) {
      ::unlink(file.target.c_str());
    }
    static_cast<void>(sync_folder_of(file.target));
  }
}

void finish_placement(const std::vector<PlacedFile>& files) {
  for (const PlacedFile& file : files) {
    if (inode_of(file.target) == file.inode) ::unlink(file.temporary.c_str());
  }
}

void remove_strays(const fs::path& target) {
  const std::string start = fmt::format("{}{}", target.filename().string(), temporary_infix);
  std::error_code ended;
  // Collected first: a folder may skip names when it changes while it is read.
  std::vector<fs::path> strays;
  for (fs::directory_iterator at(target.parent_path(), ended), end; !ended && at != end;
       at.increment(ended)) {
    const std::string name = at->path().filename().string();
    if (name.size() == start.size() + temporary_pattern.size() && name.starts_with(start)) {
      strays.push_back(at->path());
    }
  }
  for (const fs::path& stray : strays) ::unlink(stray.c_str());
}

StagedFiles::~StagedFiles() { take_back(); }

void StagedFiles::take_back() {
  put_all_back();
  for (const File& file : files_) {
    if (file.place == File::Place::beside) ::unlink(file.temporary.c_str());
  }
  files_.clear();
}

base::Result<int> StagedFiles::add(const fs::path& target, Existing existing) {
  std::string temporary =
      fmt::format("{}{}{}", target.string(), temporary_infix, temporary_pattern);
  Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!descriptor.valid()) return failure("create a file beside", target);
  const int fd = descriptor.get();
  files_.push_back({.target = target,
                    .temporary = std::move(temporary),
                    .existing = existing,
                    .descriptor = std::move(descriptor)});
  return fd;
}

base::Result<void> StagedFiles::place() {
  for (const File& file : files_) {
    if (::fsync(file.descriptor.get()) != 0) return failure("write", file.target);
  }
  auto done = put_all_in_place();
  if (!done) put_all_back();
  return done;
}

std::vector<PlacedFile> StagedFiles::described() const {
  std::vector<PlacedFile> all;
  for (const File& file : files_) {
    struct stat facts{};
    ::fstat(file.descriptor.get(), &facts);
    all.push_back({.target = fs::absolute(file.target).string(),
                   .temporary = fs::absolute(file.temporary).string(),
                   .inode = static_cast<std::uint64_t>(facts.st_ino),
                   .replaces = inode_of(file.target.string()) != 0});
  }
  return all;
}

void StagedFiles::keep() {
  for (const File& file : files_) {
    if (file.place == File::Place::exchanged) ::unlink(file.temporary.c_str());
  }
  files_.clear();
}

base::Result<void> StagedFiles::commit() {
  TRY_VOID(place());
  keep();
  return {};
}

void StagedFiles::put_all_back() {
  for (File& file : std::views::reverse(files_)) put_back(file);
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
