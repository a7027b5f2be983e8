#pragma once

#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/secret.h"
#include "keyholder/descriptor.h"
#include "keyholder/keystore.h"

namespace kronborg::keyholder {

/// Owns what an Opener points at, while one request is answered.
class HeldOpener {
 public:
  /// `aid`: the TPM for tpm2; for secret-service the descriptor where the key of the keyring is
  /// read. Errors: keystore_unavailable when the kind needs an aid and there is none, file_error.
  static base::Result<HeldOpener> of(KeystoreKind kind, std::string_view secret,
                                     const Descriptor* aid);

  [[nodiscard]] Opener get() const { return {.secret = secret_.reveal(), .tpm = tpm_}; }

 private:
  HeldOpener(base::SecretText secret, int tpm) : secret_(std::move(secret)), tpm_(tpm) {}

  base::SecretText secret_;
  int tpm_;
};

}  // namespace kronborg::keyholder
