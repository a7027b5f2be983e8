#include "crypto/hpke.h"

#include <algorithm>

#include "crypto/chacha20_poly1305.h"
#include "crypto/hash.h"

namespace kronborg::crypto {
namespace {

constexpr std::array<std::uint8_t, 5> kem_suite{'K', 'E', 'M', 0x00, 0x20};
constexpr std::array<std::uint8_t, 10> hpke_suite{'H',  'P',  'K',  'E',  0x00,
                                                  0x20, 0x00, 0x01, 0x00, 0x03};

/// RFC 9180 section 4, for results of one block at most.
class Labeled {
 public:
  explicit Labeled(base::BytesView suite) : suite_(suite) {}

  [[nodiscard]] base::Secret<32> extract(base::BytesView salt, std::string_view label,
                                         base::BytesView input) const {
    return secret_hmac_sha256(salt,
                              {base::bytes_of("HPKE-v1"), suite_, base::bytes_of(label), input});
  }
  template <std::size_t Size>
  [[nodiscard]] base::Secret<Size> expand(const base::Secret<32>& key, std::string_view label,
                                          base::BytesView info) const {
    static_assert(Size <= 32);
    constexpr std::array<std::uint8_t, 2> size{0, Size};
    constexpr std::array<std::uint8_t, 1> first_block{1};
    const auto block = secret_hmac_sha256(key.reveal(), {size, base::bytes_of("HPKE-v1"), suite_,
                                                         base::bytes_of(label), info, first_block});
    return base::Secret<Size>(block.reveal().template first<Size>());
  }

 private:
  base::BytesView suite_;
};

struct Context {
  base::Secret<32> key;
  ChaChaNonce nonce{};  ///< of sequence number 0
};

/// Section 4.1, the part that sender and recipient share.
base::Secret<32> shared_secret(const base::Secret<32>& dh, const X25519PublicKey& enc,
                               const X25519PublicKey& recipient) {
  std::array<std::uint8_t, 64> both{};
  std::ranges::copy(enc, both.begin());
  std::ranges::copy(recipient, both.begin() + 32);
  const Labeled kem(kem_suite);
  const auto extracted = kem.extract({}, "eae_prk", dh.reveal());
  return kem.expand<32>(extracted, "shared_secret", both);
}

/// Section 5.1, mode base: no PSK.
Context key_schedule(const base::Secret<32>& shared, base::BytesView info) {
  const Labeled hpke(hpke_suite);
  const auto psk_id_hash = hpke.extract({}, "psk_id_hash", {});
  const auto info_hash = hpke.extract({}, "info_hash", info);
  std::array<std::uint8_t, 65> schedule{};  // begins with the number of the mode: 0
  std::ranges::copy(psk_id_hash.reveal(), schedule.begin() + 1);
  std::ranges::copy(info_hash.reveal(), schedule.begin() + 33);
  const auto secret = hpke.extract(shared.reveal(), "secret", {});
  Context context{.key = hpke.expand<32>(secret, "key", schedule), .nonce = {}};
  const auto nonce = hpke.expand<12>(secret, "base_nonce", schedule);
  std::ranges::copy(nonce.reveal(), context.nonce.begin());
  return context;
}

}  // namespace

std::optional<HpkeMessage> hpke_seal(const X25519PublicKey& recipient, base::BytesView info,
                                     base::BytesView associated, base::BytesView plain,
                                     base::Random& random) {
  const X25519PrivateKey ephemeral = new_x25519_key(random);
  const auto dh = x25519(ephemeral, recipient);
  if (!dh) return std::nullopt;
  HpkeMessage message{.enc = x25519_public_key(ephemeral), .ciphertext = {}};
  const Context context = key_schedule(shared_secret(*dh, message.enc, recipient), info);
  message.ciphertext = chacha20_poly1305_seal(context.key, context.nonce, associated, plain);
  return message;
}

std::optional<base::SecretText> hpke_open(const X25519PrivateKey& recipient,
                                          const X25519PublicKey& enc, base::BytesView info,
                                          base::BytesView associated, base::BytesView ciphertext) {
  const auto dh = x25519(recipient, enc);
  if (!dh) return std::nullopt;
  const Context context = key_schedule(shared_secret(*dh, enc, x25519_public_key(recipient)), info);
  return chacha20_poly1305_open(context.key, context.nonce, associated, ciphertext);
}

}  // namespace kronborg::crypto
