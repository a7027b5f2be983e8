#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "cli/credentials.h"

namespace kronborg::cli {

/// What this machine knows of one participant of a space that it is, or waits to become.
struct StoredSpace {
  std::string entry;  ///< the name of its table in the file; never changes
  std::string space_id, name, server;
  std::string as;        ///< its own name in the space
  std::string key_type;  ///< owner, participant, observer
  std::string participant_id, key_id;
  base::SecretText key;         ///< empty while the join waits for approval
  base::SecretText invitation;  ///< of a join; with the join token it collects a reissued key, too
  base::SecretText join_token;
  std::string asked;  ///< the Idempotency-Key of a join that was not answered yet
  /// ETags of the documents as they were read last, by artifact id.
  std::map<std::string, std::string> read;

  [[nodiscard]] bool waits() const { return key.empty(); }
  /// A deliberate second copy of its secrets.
  [[nodiscard]] StoredSpace duplicate() const;
};

/// Which stored space a command is about.
struct SpaceChoice {
  std::string space;              ///< an id, the start of one (4 digits at least), or a name
  std::optional<std::string> as;  ///< own name or participant id, where this machine has several
};

/// The spaces in `credentials.toml`; tables of others in it stay.
class StoredSpaces {
 public:
  /// Errors: data_folder_unsafe (others can read it), file_error, config_invalid (not TOML).
  static base::Result<StoredSpaces> load(const std::filesystem::path& folder);

  [[nodiscard]] const std::vector<StoredSpace>& all() const { return spaces_; }
  /// The one that is meant. Error: usage.
  [[nodiscard]] base::Result<StoredSpace> find(const SpaceChoice& choice) const;

  /// Writes `space` in place of what is stored under its entry.
  base::Result<void> put(const StoredSpace& space);
  /// Changes what is stored now, which another command may have written meanwhile; nothing happens
  /// when it is gone.
  base::Result<void> update(const std::string& entry,
                            const std::function<void(StoredSpace&)>& edit);
  base::Result<void> remove(const std::string& entry);

 private:
  explicit StoredSpaces(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// `edit` gets the tables as they are and says whether to write them.
  base::Result<void> change(const std::function<bool(toml::table&)>& edit);

  std::filesystem::path folder_;
  std::vector<StoredSpace> spaces_;
};

}  // namespace kronborg::cli
