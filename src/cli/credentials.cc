#include "cli/credentials.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "base/file.h"
#include "base/secret.h"

namespace kronborg::cli {
namespace {

using base::Code;
using base::Error;

constexpr std::string_view heading =
    "# Keys that this machine holds. Whoever has this file can speak with them.\n\n";

std::filesystem::path file_in(const std::filesystem::path& folder) {
  return folder / "credentials.toml";
}

/// Held while the file is changed.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_ < 0) return;
    while ((result_ = ::flock(fd_, LOCK_EX)) != 0 && errno == EINTR) {
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] bool held() const { return fd_ >= 0 && result_ == 0; }

 private:
  int fd_;
  int result_ = -1;
};

}  // namespace

base::Result<toml::table> read_credentials(const std::filesystem::path& folder) {
  const auto file = file_in(folder);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return toml::table();
  TRY_VOID(base::require_private_file(file));
  TRY(auto text, base::read_file(file));
  try {
    auto root = toml::parse(text);
    base::wipe(text.data(), text.size());
    return root;
  } catch (const toml::parse_error& failure) {
    return Error(Code::config_invalid,
                 fmt::format("{}:{} is not readable", file.string(), failure.source().begin.line),
                 "mend the file, or move it away and join or connect again");
  }
}

base::Result<toml::table> change_credentials(const std::filesystem::path& folder,
                                             const std::function<bool(toml::table&)>& edit) {
  TRY_VOID(base::prepare_private_folder(folder));
  const FileLock lock(folder / "credentials.lock");
  if (!lock.held()) {
    return Error(Code::file_error, "the lock of credentials.toml cannot be taken",
                 "check the permissions of the data folder");
  }
  TRY(auto root, read_credentials(folder));
  if (!edit(root)) return root;
  std::ostringstream text;
  text << heading << root << "\n";
  auto written = std::move(text).str();
  const auto replaced = base::replace_file(file_in(folder), written);
  base::wipe(written.data(), written.size());
  if (!replaced) return replaced.error();
  return root;
}

toml::table& table_in(toml::table& root, std::string_view name) {
  if (auto* table = root[name].as_table()) return *table;
  return *root.insert_or_assign(name, toml::table()).first->second.as_table();
}

std::string text_in(const toml::table& table, std::string_view name) {
  return table[name].value_or(std::string());
}

void put_in(toml::table& table, std::string_view name, std::string_view value) {
  if (!value.empty()) table.insert_or_assign(name, std::string(value));
}

}  // namespace kronborg::cli
