#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/secp256k1.h"
#include "identity/address.h"
#include "identity/derivation.h"
#include "identity/signed_message.h"

namespace kronborg::keyholder {

/// docs/protocol/identity.md section 13. `tpm2` and `secret-service` come with devices.
enum class KeystoreKind : std::uint8_t { passphrase, file };
std::string_view kind_name(KeystoreKind kind);
std::optional<KeystoreKind> kind_named(std::string_view name);

/// Which key signs: the master, or one derived from it.
struct KeyRef {
  identity::KeyKind kind = identity::KeyKind::master;
  identity::AgentIndex agent{};  ///< for KeyKind::agent; for connect, agent.scope is the device id
};

struct NewIdentity {
  identity::Address master;
  std::string device_id;           ///< 8 hexadecimal digits
  base::SecretText recovery_code;  ///< shown once
};

struct SpawnOptions {
  std::filesystem::path data_folder;  ///< holds keystore.json and recovery.json
  std::filesystem::path executable = "/proc/self/exe";
  /// Called with the seconds to wait before a wrong passphrase is answered (third try on: 1, 2, 4 …
  /// at most 60). Sleeps in the product; counts in tests.
  std::function<void(int)> delay;
};

/// How much of the holder's memory cannot be swapped out. `key_page`: RLIMIT_MEMLOCK leaves room
/// for the page with the keys, not for all.
enum class MemoryLock : std::uint8_t { all, key_page, none };

/// What the holder says of itself.
struct HolderStatus {
  bool locked = true;
  MemoryLock memory = MemoryLock::none;
  bool dumpable = true;    ///< as prctl(PR_GET_DUMPABLE) said after it was taken away
  bool core_files = true;  ///< as getrlimit(RLIMIT_CORE) said after it was set to nothing
};

/// What a recovery bundle says without being opened.
struct BundleFacts {
  identity::Address master;
  std::int64_t generation = 0;
  std::int64_t created_at = 0;  ///< Unix seconds
  std::int64_t updated_at = 0;
};

inline constexpr std::string_view keystore_name = "keystore.json";
inline constexpr std::string_view bundle_name = "recovery.json";

/// The parent's end of the key-holder process: separate address space, no network, locked memory,
/// not dumpable, no core, seccomp-filtered. The private key never crosses to this side: keystore
/// and bundle are read from and written to file descriptors by the holder itself. Thread-safe;
/// calls block.
class KeyHolder {
 public:
  /// Starts the process (fork and exec of `executable key-holder`). Error: keyholder_failed.
  static base::Result<std::unique_ptr<KeyHolder>> spawn(SpawnOptions options);
  ~KeyHolder();
  KeyHolder(const KeyHolder&) = delete;
  KeyHolder& operator=(const KeyHolder&) = delete;

  /// Draws a master key and a device key, writes the keystore and the first recovery bundle (and
  /// its copy), stays unlocked. Errors: identity_exists (unless `replace`; also when there is a
  /// bundle and no keystore, which it would overwrite), passphrase_too_short, invalid_member (a
  /// passphrase over 1024 bytes), file_error, store_full. On any error nothing has changed on disk.
  base::Result<NewIdentity> create(KeystoreKind kind, const base::SecretText& passphrase,
                                   const std::optional<std::filesystem::path>& recovery_folder,
                                   bool replace, std::int64_t now);

  /// Opens the keystore. `file` needs no passphrase. Errors: identity_missing, wrong_passphrase,
  /// keystore_damaged, bundle_unsupported, data_folder_unsafe.
  base::Result<void> unlock(const base::SecretText& passphrase);
  base::Result<void> lock();
  [[nodiscard]] bool locked() const;

  /// What the keystore file says without opening it. The holder reads it, because a keystore of the
  /// kind `file` holds the key in the clear. Errors: identity_missing, keystore_damaged,
  /// bundle_unsupported, data_folder_unsafe.
  struct KeystoreFacts {
    KeystoreKind kind;
    identity::Address master;
    std::string device_id;
    std::int64_t created_at;
  };
  [[nodiscard]] base::Result<KeystoreFacts> keystore() const;

  /// What the recovery bundle in the data folder says. Errors: not_found, bundle_unsupported,
  /// file_error.
  [[nodiscard]] base::Result<BundleFacts> bundle() const;

  /// The holder builds the envelope itself and enforces the table of identity.md 3.1.
  /// Errors: identity_locked, signing_refused (also for more than 48 KiB), not_a_key,
  /// keyholder_failed.
  base::Result<crypto::Signature> sign(identity::Prefix prefix, base::BytesView payload,
                                       const KeyRef& key);
  /// Errors: identity_locked; not_a_key when the derivation gives none (that index is passed over).
  base::Result<identity::Address> address(const KeyRef& key);

  /// Rewrites the recovery bundle with the same code. `content` is the canonical JSON object of
  /// identity.md 14.2 without `v` and `master`, which the holder adds. A copy that cannot be
  /// written, or would overwrite the bundle of another identity, is no error: see copy_failure().
  /// Errors: identity_locked, file_error, store_full.
  base::Result<void> rewrite_bundle(std::string_view content, std::int64_t now,
                                    const std::optional<std::filesystem::path>& recovery_folder);
  /// Why the last rewrite left the copy in the recovery folder as it was; nothing when it did not.
  [[nodiscard]] std::optional<base::Error> copy_failure() const;

  /// For `status` and `doctor`. Error: keyholder_failed.
  [[nodiscard]] base::Result<HolderStatus> status() const;
  [[nodiscard]] pid_t process() const;

 private:
  struct State;
  explicit KeyHolder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The child's side: called by main for `kronborg key-holder`; talks over `socket` until it closes.
int run_key_holder(int socket);

}  // namespace kronborg::keyholder
