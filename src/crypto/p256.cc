#include "crypto/p256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>

namespace kronborg::crypto {
namespace {

struct Free {
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
  void operator()(EC_POINT* point) const { EC_POINT_free(point); }
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

base::Error failed(const char* what) { return {base::Code::internal_error, what}; }

/// The scalar when it is in 1..n-1.
Owned<BIGNUM> scalar(const EC_GROUP* group, const base::Secret<32>& key) {
  Owned<BIGNUM> number(BN_secure_new());
  if (!number || BN_bin2bn(key.reveal().data(), 32, number.get()) == nullptr) return nullptr;
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  if (BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(group)) >= 0) {
    return nullptr;
  }
  return number;
}

base::Error not_a_key() { return {base::Code::not_a_key, "These 32 bytes are not a P-256 key."}; }

/// The library checks that the point is on the curve.
Owned<EVP_PKEY> public_pkey(base::BytesView point) {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  // The parameter types are not const; the library only reads.
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                       const_cast<char*>(SN_X9_62_prime256v1), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                        const_cast<std::uint8_t*>(point.data()), point.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return Owned<EVP_PKEY>(key);
}

Owned<EVP_PKEY> private_pkey(const base::Secret<32>& key, const P256PublicKey& point) {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  // As the library wants integers: in the byte order of the machine, little-endian.
  base::Secret<32> native;
  std::ranges::reverse_copy(key.reveal(), native.fill().begin());
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                       const_cast<char*>(SN_X9_62_prime256v1), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                        const_cast<std::uint8_t*>(point.data()), point.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native.fill().data(), 32),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters) != 1) {
    return nullptr;
  }
  return Owned<EVP_PKEY>(made);
}

constexpr std::size_t longest_der = 72;  // SEQUENCE of two INTEGERs of at most 33 bytes

/// r ‖ s as an Ecdsa-Sig-Value; the number of bytes.
std::size_t to_der(std::span<const std::uint8_t, 64> raw,
                   std::span<std::uint8_t, longest_der> out) {
  std::size_t at = 2;
  for (const auto half : {raw.first<32>(), raw.last<32>()}) {
    std::size_t skip = 0;
    while (skip < 31 && half[skip] == 0) ++skip;
    const std::size_t pad = (half[skip] & 0x80) != 0 ? 1 : 0;
    out[at++] = 0x02;
    out[at++] = static_cast<std::uint8_t>(32 - skip + pad);
    if (pad != 0) out[at++] = 0;
    for (std::size_t i = skip; i < 32; ++i) out[at++] = half[i];
  }
  out[0] = 0x30;
  out[1] = static_cast<std::uint8_t>(at - 2);
  return at;
}

/// Reads one INTEGER that the library has written into 32 bytes.
bool take_integer(base::BytesView& der, std::span<std::uint8_t, 32> out) {
  if (der.size() < 2 || der[0] != 0x02 || der[1] > 33 || der.size() < 2U + der[1]) return false;
  base::BytesView digits = der.subspan(2, der[1]);
  der = der.subspan(2U + der[1]);
  if (digits.size() == 33) digits = digits.subspan(1);
  std::ranges::fill(out, 0);
  std::ranges::copy(digits, out.end() - static_cast<std::ptrdiff_t>(digits.size()));
  return true;
}

}  // namespace

base::Secret<32> new_p256_key(base::Random& random) {
  const Owned<EC_GROUP> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  base::Secret<32> key;
  do {
    random.fill(key.fill());
  } while (!scalar(group.get(), key));
  return key;
}

base::Result<P256PublicKey> p256_public_key(const base::Secret<32>& key) {
  const Owned<EC_GROUP> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const Owned<BIGNUM> number = scalar(group.get(), key);
  if (!number) return not_a_key();
  const Owned<BN_CTX> context(BN_CTX_secure_new());
  const Owned<EC_POINT> point(EC_POINT_new(group.get()));
  P256PublicKey out{};
  if (!context || !point ||
      EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, context.get()) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(),
                         out.size(), context.get()) != out.size()) {
    return failed("OpenSSL cannot compute a P-256 public key.");
  }
  return out;
}

base::Result<P256Signature> p256_sign(const base::Secret<32>& key,
                                      std::span<const std::uint8_t, 32> digest) {
  TRY(const P256PublicKey point, p256_public_key(key));
  const Owned<EVP_PKEY> pkey = private_pkey(key, point);
  const Owned<EVP_PKEY_CTX> context(pkey ? EVP_PKEY_CTX_new_from_pkey(nullptr, pkey.get(), nullptr)
                                         : nullptr);
  std::array<std::uint8_t, longest_der> der{};
  std::size_t size = der.size();
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()) != 1) {
    return failed("OpenSSL cannot sign with a P-256 key.");
  }
  P256Signature signature{};
  const std::span<std::uint8_t, 64> out(signature);
  base::BytesView rest = base::BytesView(der).first(size).subspan(2);
  if (!take_integer(rest, out.first<32>()) || !take_integer(rest, out.last<32>())) {
    return failed("OpenSSL wrote a P-256 signature that is none.");
  }
  return signature;
}

base::Result<base::Secret<32>> p256_shared_x(const base::Secret<32>& key,
                                             const P256PublicKey& point) {
  TRY(const P256PublicKey own, p256_public_key(key));
  const Owned<EVP_PKEY> pkey = private_pkey(key, own);
  const Owned<EVP_PKEY> peer = public_pkey(point);
  if (!peer) return base::Error(base::Code::not_a_key, "These 65 bytes are not a P-256 point.");
  const Owned<EVP_PKEY_CTX> context(pkey ? EVP_PKEY_CTX_new_from_pkey(nullptr, pkey.get(), nullptr)
                                         : nullptr);
  base::Secret<32> shared;
  std::size_t size = 32;
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(context.get(), shared.fill().data(), &size) != 1 || size != 32) {
    return failed("OpenSSL cannot derive a P-256 secret.");
  }
  return shared;
}

struct P256Verifier::State {
  P256PublicKey bytes{};
  Owned<EVP_PKEY> key;
  /// Ready to verify; each verification works on a copy, which costs a tenth less than a new one.
  Owned<EVP_PKEY_CTX> ready;
};

std::optional<P256Verifier> P256Verifier::of(base::BytesView uncompressed) {
  if (uncompressed.size() != P256PublicKey{}.size() || uncompressed[0] != 0x04) return std::nullopt;
  auto state = std::make_shared<State>();
  std::ranges::copy(uncompressed, state->bytes.begin());
  state->key = public_pkey(uncompressed);
  if (!state->key) return std::nullopt;
  state->ready.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, state->key.get(), nullptr));
  if (!state->ready || EVP_PKEY_verify_init(state->ready.get()) != 1) return std::nullopt;
  return P256Verifier(std::move(state));
}

const P256PublicKey& P256Verifier::key() const { return state_->bytes; }

bool P256Verifier::verifies(std::span<const std::uint8_t, 32> digest,
                            base::BytesView signature) const {
  if (signature.size() != P256Signature{}.size()) return false;
  std::array<std::uint8_t, longest_der> der{};
  const std::size_t size = to_der(signature.first<64>(), der);
  return verifies_der(digest, base::BytesView(der).first(size));
}

bool P256Verifier::verifies_der(std::span<const std::uint8_t, 32> digest,
                                base::BytesView signature) const {
  // The library writes the signature anew and compares, so that only DER is accepted.
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_dup(state_->ready.get()));
  const bool good = context && EVP_PKEY_verify(context.get(), signature.data(), signature.size(),
                                               digest.data(), digest.size()) == 1;
  // What is noted of a failure must not be found by who uses the library next on this thread.
  if (!good) ERR_clear_error();
  return good;
}

}  // namespace kronborg::crypto
