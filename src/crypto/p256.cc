#include "crypto/p256.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <memory>

namespace kronborg::crypto {
namespace {

struct Free {
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
  void operator()(EC_POINT* point) const { EC_POINT_free(point); }
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

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
  if (!number) return base::Error(base::Code::not_a_key, "These 32 bytes are not a P-256 key.");
  const Owned<BN_CTX> context(BN_CTX_secure_new());
  const Owned<EC_POINT> point(EC_POINT_new(group.get()));
  P256PublicKey out{};
  if (!context || !point ||
      EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, context.get()) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(),
                         out.size(), context.get()) != out.size()) {
    return base::Error(base::Code::internal_error, "OpenSSL cannot compute a P-256 public key.");
  }
  return out;
}

}  // namespace kronborg::crypto
