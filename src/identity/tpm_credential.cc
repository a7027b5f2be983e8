#include "identity/tpm_credential.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "crypto/hash.h"
#include "crypto/key_wrap.h"
#include "crypto/p256.h"

namespace kronborg::identity {

namespace {

// Labels end with a zero byte, which is part of them.
constexpr std::string_view identity_label("IDENTITY\0", 9);
constexpr std::string_view storage_label("STORAGE\0", 8);
constexpr std::string_view integrity_label("INTEGRITY\0", 10);

constexpr std::array<std::uint8_t, 4> first_block{0, 0, 0, 1};

std::array<std::uint8_t, 4> big_endian(std::uint32_t number) {
  return {static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}

void append(base::Bytes& out, base::BytesView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_sized(base::Bytes& out, base::BytesView bytes) {
  out.push_back(static_cast<std::uint8_t>(bytes.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(bytes.size()));
  append(out, bytes);
}

/// KDFa with SHA-256 (part 1, section 11.4.10.2), one block.
base::Secret<32> kdfa(const base::Secret<32>& seed, std::string_view label, base::BytesView context,
                      std::uint32_t bits) {
  return crypto::secret_hmac_sha256(
      seed.reveal(), {first_block, base::bytes_of(label), context, big_endian(bits)});
}

/// KDFe with SHA-256 (part 1, section 11.4.10.3), one block.
base::Secret<32> kdfe(const base::Secret<32>& shared_x, base::BytesView ephemeral_x,
                      base::BytesView static_x) {
  crypto::Sha256 hash;
  hash.add(first_block);
  hash.add(shared_x.reveal());
  hash.add(base::bytes_of(identity_label));
  hash.add(ephemeral_x);
  hash.add(static_x);
  auto digest = hash.finish();
  base::Secret<32> seed{digest};
  base::wipe(digest.data(), digest.size());
  return seed;
}

/// A seed that only the endorsement key can learn, and what it learns it from.
struct SharedSeed {
  base::Secret<32> seed;
  base::Bytes sealed;  ///< content of the TPM2B_ENCRYPTED_SECRET
};

base::Result<SharedSeed> share_by_ecdh(const crypto::P256PublicKey& endorsement_key,
                                       base::Random& random) {
  const auto key = crypto::new_p256_key(random);
  TRY(const auto point, crypto::p256_public_key(key));
  TRY(const auto shared_x, crypto::p256_shared_x(key, endorsement_key));
  const auto x = base::BytesView(point).subspan(1, 32);
  SharedSeed made{.seed = kdfe(shared_x, x, base::BytesView(endorsement_key).subspan(1, 32)),
                  .sealed = {}};
  append_sized(made.sealed, x);
  append_sized(made.sealed, base::BytesView(point).subspan(33));
  return made;
}

base::Result<SharedSeed> share(base::BytesView endorsement_key, base::Random& random) {
  if (const auto point = crypto::p256_key_of(endorsement_key)) {
    return share_by_ecdh(*point, random);
  }
  SharedSeed made;
  random.fill(made.seed.fill());
  auto sealed = crypto::rsa2048_oaep_encrypt(endorsement_key, base::bytes_of(identity_label),
                                             made.seed.reveal());
  if (!sealed) {
    return base::Error(base::Code::tpm_ek_untrusted,
                       "The endorsement key is neither RSA 2048 nor NIST P-256.");
  }
  made.sealed = *std::move(sealed);
  return made;
}

}  // namespace

base::Result<TpmCredential> make_credential(base::BytesView endorsement_key, const TpmName& name,
                                            const base::Secret<32>& content, base::Random& random) {
  TRY(const SharedSeed shared, share(endorsement_key, random));
  const auto storage = kdfa(shared.seed, storage_label, name, 128);
  const base::Secret<16> storage_key(storage.reveal().first<16>());
  base::Bytes identity;
  append_sized(identity, content.reveal());
  TRY_VOID(crypto::aes128_cfb_encrypt(storage_key, identity));
  const auto integrity_key = kdfa(shared.seed, integrity_label, {}, 256);
  const auto integrity =
      crypto::secret_hmac_sha256(integrity_key.reveal(), {identity, base::BytesView(name)});

  base::Bytes object;
  append_sized(object, integrity.reveal());
  append(object, identity);
  TpmCredential made;
  append_sized(made.credential, object);
  append_sized(made.secret, shared.sealed);
  return made;
}

}  // namespace kronborg::identity
