#include "keyholder/content.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/secret.h"

namespace kronborg::keyholder {

base::Error file_failure(std::string_view what, int number) {
  const base::Code code =
      number == ENOSPC || number == EDQUOT ? base::Code::store_full : base::Code::file_error;
  return {code, fmt::format("Cannot {}: {}.", what, std::system_category().message(number))};
}

base::Result<std::string> read_content(int fd, std::size_t max_bytes, std::string_view what) {
  std::string content;
  std::array<char, 16 * 1024> buffer;
  ssize_t got = 0;
  while ((got = ::read(fd, buffer.data(), buffer.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_failure(fmt::format("read {}", what), errno);
    if (content.size() + static_cast<std::size_t>(got) > max_bytes) {
      return base::Error(
          base::Code::file_error,
          fmt::format("Cannot read {}: it is larger than {} bytes.", what, max_bytes));
    }
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
  base::wipe(buffer.data(), buffer.size());
  return content;
}

base::Result<void> write_content(int fd, std::string_view content, std::string_view what) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return file_failure(fmt::format("write {}", what), errno);
    }
  }
  return {};
}

}  // namespace kronborg::keyholder
