#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "keyholder/descriptor.h"

namespace kronborg::keyholder {

enum class Existing : std::uint8_t {
  refuse,  ///< identity_exists when there is a file of that name by now
  replace,
};

/// A file that is about to get its name, as another process can recognise it after a crash.
struct PlacedFile {
  std::string target;
  std::string temporary;
  std::uint64_t inode = 0;  ///< of the new file
  bool replaces = false;    ///< there was a file of that name
};

/// After a crash between place() and keep(): what had a name before has it again, as far as the
/// file system could exchange names. Does nothing twice.
void undo_placement(const std::vector<PlacedFile>& files);
/// After a crash behind the point where the new files count: the old ones go.
void finish_placement(const std::vector<PlacedFile>& files);
/// Removes what a process that was killed left beside `target` under temporary names. After the two
/// above, and only where no other process stages files for that name.
void remove_strays(const std::filesystem::path& target);

/// Files that get their names together (docs/protocol/identity.md section 14.2: write, fsync,
/// rename, fsync of the folder). Each lies under a temporary name beside its own until place();
/// what never got its name is removed, and what is not kept goes back. Modes 0600.
class StagedFiles {
 public:
  StagedFiles() = default;
  StagedFiles(StagedFiles&& other) noexcept : files_(std::exchange(other.files_, {})) {}
  StagedFiles(const StagedFiles&) = delete;
  StagedFiles& operator=(const StagedFiles&) = delete;
  ~StagedFiles();

  /// The descriptor to write to; it stays this object's. Errors: file_error, store_full.
  base::Result<int> add(const std::filesystem::path& target, Existing existing);

  /// In the order in which they were added. When one fails, those before it are put back as they
  /// were: old files exchange names with the new ones, so they are whole until keep(). (A file
  /// system that cannot exchange names replaces them at once.) Errors: identity_exists, file_error,
  /// store_full.
  base::Result<void> place();
  /// What undo_placement() and finish_placement() take. Before keep().
  [[nodiscard]] std::vector<PlacedFile> described() const;
  /// After place(): removes the old files. Without it they get their names back at the end.
  void keep();
  /// Both.
  base::Result<void> commit();
  /// What the destructor does, now.
  void take_back();
  /// Leaves everything as it is, for undo_placement() or finish_placement().
  void leave() { files_.clear(); }

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
  void put_all_back();

  std::vector<File> files_;
};

}  // namespace kronborg::keyholder
