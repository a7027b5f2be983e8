#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/p256.h"
#include "crypto/secp256k1.h"
#include "identity/address.h"
#include "identity/derivation.h"
#include "identity/device_id.h"
#include "identity/signed_message.h"
#include "keyholder/tpm_device.h"

namespace kronborg::keyholder {

/// docs/protocol/identity.md section 13.
enum class KeystoreKind : std::uint8_t { passphrase, tpm2, secret_service, file };
std::string_view kind_name(KeystoreKind kind);
std::optional<KeystoreKind> kind_named(std::string_view name);

/// What somebody has to type to open a keystore.
enum class Asks : std::uint8_t { nothing, passphrase, pin };

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
  std::filesystem::path tpm = "/dev/tpmrm0";  ///< device or socket, for the kind tpm2
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

/// Evidence of a software key (docs/protocol/identity.md section 12.2).
struct SoftwareDeviceEvidence {
  base::Bytes public_key, proof;
};
using DeviceProof = std::variant<SoftwareDeviceEvidence, TpmDeviceEvidence>;

struct Recovery;  // recovery.h
class PreparedRecovery;
struct Drill;

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
  /// its copy), stays unlocked. `secret`: the passphrase, or for tpm2 the PIN, empty for none.
  /// Errors: identity_exists (unless `replace`; also when there is a bundle and no keystore, which
  /// it would overwrite), passphrase_too_short, invalid_member (a secret over 1024 bytes),
  /// keystore_unavailable, file_error, store_full. On any error nothing has changed on disk.
  base::Result<NewIdentity> create(KeystoreKind kind, const base::SecretText& secret,
                                   const std::optional<std::filesystem::path>& recovery_folder,
                                   bool replace, std::int64_t now);

  /// Opens the keystore; KeystoreFacts::asks says with what. Errors: identity_missing,
  /// wrong_passphrase, pin_locked_out, keystore_damaged, keystore_unavailable, bundle_unsupported,
  /// data_folder_unsafe.
  base::Result<void> unlock(const base::SecretText& secret);
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
    Asks asks = Asks::nothing;
    std::string item{};  ///< secret-service: name of the item in the keyring
  };
  [[nodiscard]] base::Result<KeystoreFacts> keystore() const;

  // Recovery (docs/protocol/identity.md section 14.3). Bundles go in as text.

  /// Opens and checks what the identity is recovered from, makes a new device key and a new code,
  /// and writes keystore, bundle and its copy beside their places. Errors: those of
  /// identity::open_bundle and identity::key_of_words, those of create(), and bundle_older when a
  /// newer bundle of the same identity would be overwritten. Nothing has changed on any of them.
  base::Result<PreparedRecovery> prepare_recovery(Recovery recovery);
  /// Changes nothing. Errors: those of identity::open_bundle.
  base::Result<Drill> drill(std::string_view bundle, const base::SecretText& code);
  /// A new code and a bundle for it; keystore, bundle and copy are replaced in one step. The
  /// keystore is opened anew with `secret`. `content` as for rewrite_bundle(). Errors: those of
  /// unlock(), file_error, store_full (also for the copy); nothing has changed then.
  base::Result<base::SecretText> new_code(const base::SecretText& secret, std::string_view content,
                                          std::int64_t now,
                                          const std::optional<std::filesystem::path>& folder);
  /// The 24 words. The keystore is opened anew with `secret`. Errors: those of unlock().
  base::Result<base::SecretText> words(const base::SecretText& secret);
  /// Whether the bundle in the data folder is there, is opened by the code that the keystore knows,
  /// and lies in the recovery folder too. Error: identity_locked.
  base::Result<bool> bundle_is_sound(const std::optional<std::filesystem::path>& folder);

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

  // The host device, and others of this machine whose keys its TPM holds; keyholder_device.cc.

  /// A TPM holds the key of this device; else the keystore holds it, or nobody here.
  [[nodiscard]] bool in_tpm(std::string_view device_id) const;
  /// r ‖ s over a SHA-256 digest. Errors: device_not_found (another machine's), identity_locked
  /// (software key), keystore_unavailable (the TPM is gone), keystore_damaged, keyholder_failed.
  base::Result<crypto::P256Signature> sign_as_device(std::string_view device_id,
                                                     std::span<const std::uint8_t, 32> digest);
  /// What registers the device with the authority that gave the challenge. Errors as above.
  base::Result<DeviceProof> prove_device(std::string_view device_id,
                                         std::span<const std::uint8_t, 32> challenge);

  /// Rewrites the recovery bundle with the same code. `content` is the canonical JSON object of
  /// identity.md 14.2 without `v` and `master`, which the holder adds. A copy that cannot be
  /// written, or would overwrite the bundle of another identity, is no error: see copy_failure().
  /// Errors: identity_locked, file_error, store_full.
  base::Result<void> rewrite_bundle(std::string_view content, std::int64_t now,
                                    const std::optional<std::filesystem::path>& recovery_folder);
  /// Why the last rewrite left the copy in the recovery folder as it was; nothing when it did not.
  [[nodiscard]] std::optional<base::Error> copy_failure() const;

  struct State;  // keyholder_state.h

  /// For `status` and `doctor`. Error: keyholder_failed.
  [[nodiscard]] base::Result<HolderStatus> status() const;
  [[nodiscard]] pid_t process() const;

 private:
  explicit KeyHolder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The child's side: called by main for `kronborg key-holder`; talks over `socket` until it closes.
int run_key_holder(int socket);

/// Called by main for `kronborg keyring VERB ITEM`: see keyring.h.
int run_keyring(std::string_view verb, std::string_view item);

}  // namespace kronborg::keyholder
