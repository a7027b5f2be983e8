#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "authority/authority.h"
#include "base/result.h"
#include "base/secret.h"
#include "identity/recovery_bundle.h"
#include "keyholder/keyholder.h"
#include "keyholder/recovery.h"

namespace kronborg::authority {

struct CreateIdentity {
  keyholder::KeystoreKind kind = keyholder::KeystoreKind::passphrase;
  base::SecretText passphrase;  ///< or the PIN; empty where there is none
  std::optional<std::filesystem::path> recovery_folder;
  std::optional<identity::Address> replace;  ///< the old master, in words
};

/// From a bundle and its code, or from the 24 words.
struct RecoverIdentity {
  CreateIdentity keystore;            ///< of the recovered identity; `replace` as for a set-up
  std::optional<std::string> bundle;  ///< its text; nothing: the one in the data folder
  base::SecretText code;
  base::SecretText words;  ///< not empty: no bundle and no code
  identity::EarlierKeys earlier = identity::EarlierKeys::keep;
};

struct RecoveredIdentity {
  identity::Address master;
  base::SecretText recovery_code;                 ///< the new one, shown once
  std::optional<std::int64_t> bundle_updated_at;  ///< Unix seconds; what came later is not in it
  std::int64_t agents = 0;                        ///< that the bundle held
};

/// What a drill found.
struct DrillResult {
  keyholder::Drill drill;
  bool matches = false;  ///< the bundle is of the identity that is there
};

struct PendingRecovery;  // restore.h

/// The master identity of this authority. Thread-safe.
class Identity {
 public:
  explicit Identity(const Parts& parts) : parts_(parts) {}

  /// First set-up, or replacement: agents, key records and whitelists of the old identity are
  /// removed; revocations, thresholds, counters and index marks stay (docs/protocol/identity.md
  /// section 8). Errors: identity_exists (unless `replace` names the master that is there), those
  /// of KeyHolder::create.
  base::Result<keyholder::NewIdentity> create(const Actor& actor, CreateIdentity request);

  /// Nothing before set-up.
  base::Result<std::optional<IdentityFacts>> facts();

  /// Errors: those of KeyHolder::unlock. A wrong passphrase is an audit row too.
  base::Result<void> unlock(const Actor& actor, const base::SecretText& passphrase);
  base::Result<void> lock(const Actor& actor);

  // Recovery (docs/protocol/identity.md section 14.3); recovery.cc.

  /// Keystore, bundle and store change together or not at all. Errors: identity_exists (unless
  /// `replace` names the master that is there, or that very master is recovered and its keystore is
  /// gone), those of KeyHolder::prepare_recovery and of the store.
  base::Result<RecoveredIdentity> recover(const Actor& actor, RecoverIdentity request);
  /// Opens a bundle (nothing: the one in the data folder) and checks it; writes its audit row, a
  /// refusal's too, and when it was. Errors: those of KeyHolder::drill.
  base::Result<DrillResult> drill(const Actor& actor, std::optional<std::string> bundle,
                                  const base::SecretText& code);
  /// Errors: those of KeyHolder::new_code. A wrong passphrase is an audit row too.
  base::Result<base::SecretText> new_code(const Actor& actor, const base::SecretText& secret);
  /// The 24 words. Errors: those of KeyHolder::words. A wrong passphrase is an audit row too.
  base::Result<base::SecretText> words(const Actor& actor, const base::SecretText& secret);

  /// Rewrites bundle and copy when they are not there, not those of this keystore, or hold
  /// something else than the store; whether it did. Errors: those of rewrite_bundle().
  base::Result<bool> keep_bundle();
  /// Puts the host device into the list of devices when it is missing there and its key can be
  /// used: HostDevice::record().
  base::Result<void> keep_host_device();
  /// Whether the bundle on disk was written with what the store holds now. Reads all of that.
  base::Result<bool> bundle_is_current();
  /// Unix milliseconds of the last drill that matched.
  base::Result<std::optional<std::int64_t>> last_drill();

  /// Writes the recovery bundle and its copy anew with the current content, and notes when. Not an
  /// audit row. Errors: identity_locked (do it after the next unlock), file_error.
  base::Result<void> rewrite_bundle();

 private:
  base::Result<bool> may_create(const std::optional<identity::Address>& replace);
  void record_host_device(const Actor& actor);
  base::Result<void> write_bundle(const IdentityFacts& known, const std::string& content);
  base::Result<void> may_recover(const std::optional<IdentityFacts>& known,
                                 const std::optional<identity::Address>& replace, bool cut_off);
  base::Result<void> settle(const Actor& actor, keyholder::PreparedRecovery& prepared,
                            const PendingRecovery& pending);
  base::Result<void> note_secret_use(const Actor& actor, std::string_view type,
                                     const std::optional<base::Error>& failure);

  // Constant after construction.
  Parts parts_;
  std::mutex creating_;  ///< held while keystore and store change together
};

}  // namespace kronborg::authority
