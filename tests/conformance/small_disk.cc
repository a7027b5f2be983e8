#include "conformance/small_disk.h"

#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace kronborg::conformance {

SmallDisk::SmallDisk(const std::filesystem::path& folder, const std::string& size)
    : folder_(folder) {
  std::filesystem::create_directory(folder);
  if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) != 0) {
    throw std::runtime_error("cannot mount a tmpfs");
  }
}

SmallDisk::~SmallDisk() { ::umount2(folder_.c_str(), MNT_DETACH); }

void SmallDisk::fill(std::size_t bytes) {
  std::ofstream(folder_ / "filler", std::ios::binary) << std::string(bytes, 'x');
}

void SmallDisk::relieve() { std::filesystem::remove(folder_ / "filler"); }

bool may_mount() { return ::geteuid() == 0; }

bool passes_in_namespace(const std::string& test) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto command =
      "unshare --user --map-root-user --mount '" + program + "' --gtest_filter='" + test + "'";
  return std::system(command.c_str()) == 0;
}

}  // namespace kronborg::conformance
