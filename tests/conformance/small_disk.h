#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace kronborg::conformance {

/// A real file system of a few pages (tmpfs). Needs may_mount().
class SmallDisk {
 public:
  SmallDisk(const std::filesystem::path& folder, const std::string& size);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// Takes room, or gives it back.
  void fill(std::size_t bytes);
  void relieve();

 private:
  std::filesystem::path folder_;
};

/// Whether this process may mount; who may not runs a test in a user namespace of its own.
bool may_mount();
bool passes_in_namespace(const std::string& test);

}  // namespace kronborg::conformance
