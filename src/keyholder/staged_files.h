#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "keyholder/descriptor.h"

namespace kronborg::keyholder {

enum class Existing : std::uint8_t {
  refuse,  ///< identity_exists when there is a file of that name by now
  replace,
};

/// Files that get their names together (docs/protocol/identity.md section 14.2: write, fsync,
/// rename, fsync of the folder). Each lies under a temporary name beside its own until commit();
/// what never got its name is removed. Modes 0600.
class StagedFiles {
 public:
  StagedFiles() = default;
  StagedFiles(const StagedFiles&) = delete;
  StagedFiles& operator=(const StagedFiles&) = delete;
  ~StagedFiles();

  /// The descriptor to write to; it stays this object's. Errors: file_error, store_full.
  base::Result<int> add(const std::filesystem::path& target, Existing existing);

  /// In the order in which they were added. When one fails, those before it are put back as they
  /// were: old files exchange names with the new ones, so they are whole until the last step. (A
  /// file system that cannot exchange names replaces them at once.) Errors: identity_exists,
  /// file_error, store_full.
  base::Result<void> commit();

 private:
  struct File {
    std::filesystem::path target;
    std::string temporary;
    Existing existing;
    Descriptor descriptor;
    enum class Place : std::uint8_t { beside, named, exchanged, replaced } place = Place::beside;
  };

  static base::Result<void> put_in_place(File& file);
  static void put_back(File& file);
  base::Result<void> put_all_in_place();

  std::vector<File> files_;
};

}  // namespace kronborg::keyholder
