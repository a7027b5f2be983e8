#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keyholder/connection.h"
#include "keyholder/descriptor.h"
#include "keyholder/keyholder.h"
#include "keyholder/keyring.h"
#include "keyholder/staged_files.h"

namespace kronborg::keyholder {

struct KeyHolder::State {
  State(SpawnOptions given, HolderProcess process)
      : options(std::move(given)), connection(std::move(process)) {}

  [[nodiscard]] std::filesystem::path keystore() const {
    return options.data_folder / keystore_name;
  }
  [[nodiscard]] std::filesystem::path bundle() const { return options.data_folder / bundle_name; }
  /// Where the copy belongs; nothing when that is the bundle itself.
  [[nodiscard]] std::optional<std::filesystem::path> copy_in(
      const std::optional<std::filesystem::path>& folder) const;
  [[nodiscard]] base::Result<Descriptor> open_keystore() const;
  base::Result<KeystoreFacts> facts();

  /// What a new keystore needs beside its files. For secret-service: a new item, which discard()
  /// forgets again.
  struct Aid {
    std::string item;
    std::optional<Descriptor> descriptor;
  };
  [[nodiscard]] base::Result<Aid> aid_for_new(KeystoreKind kind) const;
  /// The same for a keystore that exists.
  [[nodiscard]] base::Result<Aid> aid_for(const KeystoreFacts& facts) const;
  /// Best effort: an item whose keystore is gone opens nothing.
  void discard_item(const std::string& item) const;

  /// The id of a new device key in the TPM; empty when there is no TPM that can be used: the key is
  /// then made in the keystore (docs/protocol/identity.md section 12.1).
  [[nodiscard]] std::string new_tpm_device() const;
  void discard_tpm_device(const std::string& id) const;

  base::Result<void> may_create(const std::optional<std::filesystem::path>& copy, bool replace);
  base::Result<void> unlock_now(const base::SecretText& secret);
  /// Tries a passphrase or PIN, with the delay that wrong ones cost. Holds `attempts`.
  template <class F>
  auto attempt(F&& open) -> decltype(open()) {
    const std::lock_guard lock(attempts);
    auto done = open();
    if (done) {
      wrong_tries = 0;
    } else if (done.error().code == base::Code::wrong_passphrase) {
      wait_after_wrong_try();
    }
    return done;
  }
  void wait_after_wrong_try();

  SpawnOptions options;
  Connection connection;
  std::atomic<bool> locked = true;
  std::mutex files;     // keystore and bundle are read and replaced by one call at a time
  std::mutex attempts;  // one secret is tried at a time, its delay included
  int wrong_tries = 0;  // guarded by attempts
  mutable std::mutex copy_mutex;
  std::optional<base::Error> copy_failure;  // guarded by copy_mutex
};

/// Errors: not_found, bundle_unsupported, file_error.
base::Result<BundleFacts> bundle_at(const std::filesystem::path& path);
base::Error foreign_bundle(const std::filesystem::path& path);
bool is_there(const std::filesystem::path& path);
base::Result<Descriptor> open_to_read(const std::filesystem::path& path);
/// A file without a name that holds the content, at its beginning.
base::Result<Descriptor> in_memory(std::string_view content);
/// Error: invalid_member for a passphrase, PIN, code or words that no message has room for.
base::Result<void> require_room_for(const base::SecretText& secret);

/// Files staged for a keystore and its bundles, in the order in which they get their names: the
/// keystore last, for it is what makes the identity exist.
struct StagedKeystore {
  StagedFiles files;
  std::vector<int> descriptors;  ///< keystore, bundle, copy: the order of the requests
};
base::Result<StagedKeystore> stage_keystore(const std::filesystem::path& keystore,
                                            const std::filesystem::path& bundle,
                                            const std::optional<std::filesystem::path>& copy,
                                            Existing existing);

}  // namespace kronborg::keyholder
