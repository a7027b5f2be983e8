#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/secret.h"

namespace kronborg::base {
namespace {

namespace fs = std::filesystem;

/// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { static_cast<void>(close()); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  /// 0, or -1 with errno: a delayed write error may appear only here.
  int close() { return fd_ < 0 ? 0 : ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

/// Removes a temporary file unless it got its name.
class Unlinked {
 public:
  explicit Unlinked(const std::string& path) : path_(path) {}
  Unlinked(const Unlinked&) = delete;
  Unlinked& operator=(const Unlinked&) = delete;
  ~Unlinked() {
    if (armed_) ::unlink(path_.c_str());
  }
  void keep() { armed_ = false; }

 private:
  const std::string& path_;
  bool armed_ = true;
};

Error failure(std::string_view what, const fs::path& path, int number) {
  const Code code = number == ENOSPC || number == EDQUOT ? Code::store_full : Code::file_error;
  return {code, fmt::format("Cannot {} {}: {}.", what, path.string(),
                            std::system_category().message(number))};
}

int open_retrying(const fs::path& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

Result<void> sync_folder(const fs::path& folder) {
  const Descriptor fd(open_retrying(folder, O_RDONLY | O_DIRECTORY));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return failure("sync", folder, errno);
  return {};
}

Error unsafe(const fs::path& path, std::string_view why, std::string hint) {
  return {Code::data_folder_unsafe, fmt::format("{} {}.", path.string(), why), std::move(hint)};
}

}  // namespace

Result<std::string> read_file(const fs::path& path, std::size_t max_bytes) {
  const Descriptor fd(open_retrying(path, O_RDONLY));
  if (!fd.valid()) return failure("open", path, errno);
  std::string content;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", path, errno);
    if (got == 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      return Error(Code::file_error,
                   fmt::format("{} is larger than {} bytes.", path.string(), max_bytes));
    }
  }
  wipe(buffer.data(), buffer.size());
  return content;
}

Result<void> write_all(int fd, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return failure("write", path, errno);
    }
  }
  return {};
}

Result<void> replace_file(const fs::path& path, std::string_view content) {
  std::string temporary = path.string() + ".XXXXXX";
  Descriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!fd.valid()) return failure("create a file beside", path, errno);
  Unlinked guard(temporary);
  TRY_VOID(write_all(fd.get(), content, path));
  if (::fsync(fd.get()) != 0 || fd.close() != 0) return failure("write", path, errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failure("replace", path, errno);
  guard.keep();
  return sync_folder(folder_of(path));
}

Result<void> prepare_private_folder(const fs::path& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0 && errno == ENOENT) {
    fs::path parent;
    for (const fs::path& part : path) {
      parent /= part;
      if (::mkdir(parent.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        return failure("make the folder", parent, errno);
      }
    }
  }
  if (::stat(path.c_str(), &facts) != 0) return failure("look at", path, errno);
  if (!S_ISDIR(facts.st_mode)) return Error(Code::file_error, path.string() + " is not a folder.");
  if (facts.st_uid != ::geteuid()) {
    return unsafe(path, "belongs to another user",
                  "Run kronborg as the owner of the folder, or choose another one.");
  }
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return unsafe(path, "can be entered by others",
                  fmt::format("Run: chmod 700 '{}'", path.string()));
  }
  return {};
}

Result<void> require_private_file(const fs::path& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) {
    if (errno == ENOENT) return {};
    return failure("look at", path, errno);
  }
  if (facts.st_uid != ::geteuid()) {
    return unsafe(path, "belongs to another user", "Run kronborg as the owner of the file.");
  }
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return unsafe(path, "can be read or written by others",
                  fmt::format("Run: chmod 600 '{}'", path.string()));
  }
  return {};
}

}  // namespace kronborg::base
