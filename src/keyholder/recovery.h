#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "identity/recovery_bundle.h"
#include "keyholder/keyholder.h"
#include "keyholder/staged_files.h"

namespace kronborg::keyholder {

/// What an identity is recovered from, and the keystore that it gets.
struct Recovery {
  KeystoreKind kind = KeystoreKind::passphrase;
  base::SecretText secret;  ///< passphrase or PIN of the new keystore
  std::optional<std::filesystem::path> recovery_folder;
  bool replace = false;  ///< a keystore that is there makes room
  /// The identity of the store: what it holds is newer than any bundle of the same identity.
  std::optional<identity::Address> store_master;
  std::string bundle;  ///< text of the file, with its code; or empty, with the words
  base::SecretText code;
  base::SecretText words;
  identity::EarlierKeys earlier = identity::EarlierKeys::keep;
  std::int64_t now_ms = 0;
};

struct Recovered {
  NewIdentity identity;
  std::int64_t created_at = 0;  ///< Unix seconds; of the identity, when the bundle says it
  std::optional<std::int64_t> updated_at;  ///< of the bundle; nothing with words
  std::string content;                     ///< identity::read_bundle_content; with raised marks
};

/// A recovery whose keystore and bundles lie written beside their places. Without keep(), or with
/// an error of place(), the files are as they were and the holder drops the new keys.
class PreparedRecovery {
 public:
  struct State;
  explicit PreparedRecovery(std::unique_ptr<State> state);
  PreparedRecovery(PreparedRecovery&&) noexcept;
  ~PreparedRecovery();

  void take(Recovered recovered, std::string old_item);
  [[nodiscard]] Recovered& recovered();
  /// For whoever finishes or undoes it after a crash: undo_placement(), finish_placement().
  [[nodiscard]] std::vector<PlacedFile> files() const;
  /// Gives the files their names. Errors: identity_exists, file_error, store_full.
  base::Result<void> place();
  /// The files are as they were before.
  void take_back();
  /// Whether the new files count is not known: they are left as they are, and the holder drops the
  /// new keys. The next start decides.
  void leave();
  /// From here on the files stay; the identity is unlocked unless the holder died.
  void keep();

 private:
  std::unique_ptr<State> state_;
};

/// What a drill found (docs/protocol/identity.md section 14.3).
struct Drill {
  BundleFacts bundle;
  std::int64_t agents = 0;
};

}  // namespace kronborg::keyholder
