#pragma once

#include <filesystem>
#include <mutex>
#include <optional>

#include "authority/authority.h"
#include "base/result.h"
#include "base/secret.h"
#include "keyholder/keyholder.h"

namespace kronborg::authority {

struct CreateIdentity {
  keyholder::KeystoreKind kind = keyholder::KeystoreKind::passphrase;
  base::SecretText passphrase;  ///< empty for KeystoreKind::file
  std::optional<std::filesystem::path> recovery_folder;
  std::optional<identity::Address> replace;  ///< the old master, in words
};

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

  /// Writes the recovery bundle and its copy anew with the current content, and notes when. Not an
  /// audit row. Errors: identity_locked (do it after the next unlock), file_error.
  base::Result<void> rewrite_bundle();

 private:
  base::Result<bool> may_create(const std::optional<identity::Address>& replace);

  // Constant after construction.
  Parts parts_;
  std::mutex creating_;  ///< held while keystore and store change together
};

}  // namespace kronborg::authority
