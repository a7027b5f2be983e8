#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/secp256k1.h"
#include "keyholder/keyholder.h"

namespace kronborg::keyholder {

/// What a keystore keeps secret (docs/protocol/identity.md section 14.2). All of it lies in the
/// object itself, for LockedSlot.
struct Keystore {
  crypto::PrivateKey master;
  struct Recovery {
    std::int64_t generation = 0;
    base::Secret<32> key;  ///< Argon2id of the recovery code: seals the bundle without the code
    std::array<std::uint8_t, 16> salt{};
  } recovery;
  base::Secret<32> device;           ///< P-256 software key of the host device
  bool has_device = false;           ///< keystores of other writers may have none
  std::array<char, 8> tpm_device{};  ///< id of a host device whose key a TPM holds; zeros: none
};

/// The readable members of every kind.
using KeystoreFacts = KeyHolder::KeystoreFacts;

/// What a keystore needs beside its file.
struct Opener {
  std::string_view secret;  ///< passphrase or PIN as typed; the key that the keyring keeps, as hex
  int tpm = -1;             ///< descriptor of the TPM
};

/// One row of the table of kinds: how that kind is written and opened.
struct KeystoreForm {
  KeystoreKind kind;
  std::string_view name;
  /// The text of the file; `now` becomes updated_at. Errors: passphrase_too_short,
  /// keystore_unavailable, internal_error.
  base::Result<std::string> (*write)(const Keystore& keystore, const KeystoreFacts& facts,
                                     const Opener& opener, std::int64_t now, base::Random& random);
  /// Errors: wrong_passphrase, pin_locked_out, keystore_damaged, keystore_unavailable,
  /// bundle_unsupported, internal_error.
  base::Result<Keystore> (*open)(std::string_view text, const Opener& opener);
};

const KeystoreForm& form_of(KeystoreKind kind);

/// Reads the readable members. Errors: keystore_damaged, bundle_unsupported (another v, format or
/// kind).
base::Result<KeystoreFacts> read_facts(std::string_view text);

/// Opens a keystore of any kind and checks that its keys are those that its readable members name.
/// Errors: those of KeystoreForm::open.
base::Result<Keystore> open_keystore(std::string_view text, const Opener& opener);

/// The secret members as canonical JSON, and back. Error: keystore_damaged.
base::SecretText secret_text_of(const Keystore& keystore);
base::Result<Keystore> keystore_of(std::string_view secret_text);
base::Result<Keystore> keystore_of(const base::json::value& members);

/// Whether the text names an item of the keyring: a UUID.
bool is_item_name(std::string_view text);

/// 8 hexadecimal digits; empty when there is no device.
base::Result<std::string> device_id_of(const Keystore& keystore);

}  // namespace kronborg::keyholder
