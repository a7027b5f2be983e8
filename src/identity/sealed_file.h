#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/json.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/seal.h"
#include "identity/address.h"

namespace kronborg::identity {

// The sealed JSON files of docs/protocol/identity.md section 14.2: recovery bundle and keystore.

inline constexpr std::string_view bundle_format = "kronborg-recovery";
inline constexpr std::string_view keystore_format = "kronborg-keystore";

/// The readable part of a sealed file; all of it is bound to the ciphertext.
struct SealedHeader {
  std::string format;
  Address address;                         ///< of the master
  std::optional<std::int64_t> generation;  ///< bundle only: from 1, raised with each new code
  std::int64_t created_at = 0;             ///< Unix seconds
  std::int64_t updated_at = 0;
  crypto::Argon2Cost cost;
  std::array<std::uint8_t, 16> salt{};
  base::json::object extra;      ///< members this version does not know; kept when written again
  base::json::object extra_kdf;  ///< the same inside `kdf`
};

/// A file that was read and whose form this version understands; still closed.
struct SealedFile {
  SealedHeader header;
  std::array<std::uint8_t, 24> nonce{};
  base::Bytes ciphertext;  ///< with the tag
  std::string associated;  ///< canonical JSON of the object without `ct`
};

/// What a password opened.
struct OpenedFile {
  base::Secret<32> key;    ///< Argon2id(password, salt): seals the same file again
  base::SecretText plain;  ///< JSON text
};

/// Reads the form without any work on the key. Error: bundle_unsupported for another v, format, alg
/// or aead, opslimit above 16, memlimit above 1 GiB, and for a file that is not of this form at
/// all.
base::Result<SealedFile> read_sealed(std::string_view text, std::string_view format);

/// Argon2id with the file's salt and cost. Error: internal_error when memory is not to be had.
base::Result<base::Secret<32>> key_of_password(const SealedHeader& header,
                                               std::string_view password);

/// `wrong` is the code for a password, or a file, that does not fit: wrong_passphrase for the
/// keystore, recovery_code_wrong for the bundle. Every password costs the same work.
base::Result<OpenedFile> open_with_password(const SealedFile& file, std::string_view password,
                                            base::Code wrong);
base::Result<base::SecretText> open_with_key(const SealedFile& file, const base::Secret<32>& key,
                                             base::Code wrong);

/// The text of the file, with a new nonce. `key` belongs to header.salt and header.cost.
std::string seal(const SealedHeader& header, const base::Secret<32>& key, std::string_view plain,
                 base::Random& random);

}  // namespace kronborg::identity
