// Own multiples of a generator, and projective coordinates, are deprecated since OpenSSL 3.0, which
// has nothing in their place.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/p256_table.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <array>
#include <cstdlib>

#include "crypto/p256_scalar.h"

namespace kronborg::crypto {
namespace {

struct Free {
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
  void operator()(EC_POINT* point) const { EC_POINT_free(point); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// Constants of the curve, made once.
struct Curve {
  Owned<EC_GROUP> group{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
  Owned<BIGNUM> p{BN_new()};
  const BIGNUM* n = nullptr;

  Curve() {
    if (!group || !p || EC_GROUP_get_curve(group.get(), p.get(), nullptr, nullptr, nullptr) != 1) {
      std::abort();  // no memory
    }
    n = EC_GROUP_get0_order(group.get());
  }
};

const Curve& curve() {
  static const Curve made;
  return made;
}

/// What one verification works with; kept, so that it allocates nothing.
struct Scratch {
  Owned<BN_CTX> context{BN_CTX_new()};
  Owned<BIGNUM> r{BN_new()}, s{BN_new()}, z{BN_new()}, w{BN_new()}, u{BN_new()};
  Owned<BIGNUM> x{BN_new()}, square{BN_new()};
  Owned<EC_POINT> sum{EC_POINT_new(curve().group.get())};
  Owned<EC_POINT> second{EC_POINT_new(curve().group.get())};

  [[nodiscard]] bool whole() const {
    return context && r && s && z && w && u && x && square && sum && second;
  }
};

bool read(const Owned<BIGNUM>& out, base::BytesView bytes) {
  return BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), out.get()) != nullptr;
}

bool is_scalar(const Owned<BIGNUM>& number) {
  return !BN_is_zero(number.get()) && BN_cmp(number.get(), curve().n) < 0;
}

/// Whether the affine x of `scratch.sum` is r modulo n, without the inversion that x itself costs:
/// X = x·Z². An x below p is r or r + n.
bool has_x(Scratch& scratch) {
  const BIGNUM* const p = curve().p.get();
  BN_CTX* const context = scratch.context.get();
  if (EC_POINT_is_at_infinity(curve().group.get(), scratch.sum.get()) != 0) return false;
  if (EC_POINT_get_Jprojective_coordinates_GFp(curve().group.get(), scratch.sum.get(),
                                               scratch.x.get(), nullptr, scratch.square.get(),
                                               context) != 1 ||
      BN_mod_sqr(scratch.square.get(), scratch.square.get(), p, context) != 1) {
    return false;
  }
  BIGNUM* const candidate = scratch.r.get();
  while (BN_cmp(candidate, p) < 0) {
    if (BN_mod_mul(scratch.u.get(), candidate, scratch.square.get(), p, context) != 1) return false;
    if (BN_cmp(scratch.u.get(), scratch.x.get()) == 0) return true;
    if (BN_add(candidate, candidate, curve().n) != 1) return false;
  }
  return false;
}

}  // namespace

struct P256Table::State {
  P256PublicKey key{};
  Owned<EC_GROUP> group;  ///< its generator is the key
};

P256Table::P256Table(std::unique_ptr<State> state) : state_(std::move(state)) {}
P256Table::~P256Table() = default;

const P256PublicKey& P256Table::key() const { return state_->key; }

std::unique_ptr<const P256Table> P256Table::of(const P256Verifier& key) {
  auto state = std::make_unique<State>();
  state->key = key.key();
  state->group.reset(EC_GROUP_dup(curve().group.get()));
  const Owned<BN_CTX> context(BN_CTX_new());
  const Owned<EC_POINT> point(EC_POINT_new(curve().group.get()));
  if (!state->group || !context || !point ||
      EC_POINT_oct2point(curve().group.get(), point.get(), state->key.data(), state->key.size(),
                         context.get()) != 1 ||
      EC_GROUP_set_generator(state->group.get(), point.get(), curve().n, BN_value_one()) != 1 ||
      EC_GROUP_precompute_mult(state->group.get(), context.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return std::unique_ptr<const P256Table>(new P256Table(std::move(state)));
}

// FIPS 186-4 section 6.4, SEC 1 section 4.1.4.
bool P256Table::verifies(std::span<const std::uint8_t, 32> digest,
                         base::BytesView signature) const {
  if (signature.size() != P256Signature{}.size()) return false;
  thread_local Scratch scratch;
  if (!scratch.whole() || !read(scratch.r, signature.first(32)) ||
      !read(scratch.s, signature.last(32)) || !read(scratch.z, digest) || !is_scalar(scratch.r) ||
      !is_scalar(scratch.s)) {
    return false;
  }
  const BIGNUM* const n = curve().n;
  const EC_GROUP* const group = curve().group.get();
  BN_CTX* const context = scratch.context.get();
  // The inverse is checked, so that a wrong one refuses and never accepts.
  bool good = read(scratch.w, p256_inverse(signature.last<32>())) &&
              BN_mod_mul(scratch.u.get(), scratch.s.get(), scratch.w.get(), n, context) == 1 &&
              BN_is_one(scratch.u.get()) == 1;
  good = good && BN_mod_mul(scratch.u.get(), scratch.z.get(), scratch.w.get(), n, context) == 1 &&
         EC_POINT_mul(group, scratch.sum.get(), scratch.u.get(), nullptr, nullptr, context) == 1;
  good = good && BN_mod_mul(scratch.u.get(), scratch.r.get(), scratch.w.get(), n, context) == 1 &&
         EC_POINT_mul(state_->group.get(), scratch.second.get(), scratch.u.get(), nullptr, nullptr,
                      context) == 1;
  good = good && EC_POINT_add(group, scratch.sum.get(), scratch.sum.get(), scratch.second.get(),
                              context) == 1;
  good = good && has_x(scratch);
  if (!good) ERR_clear_error();
  return good;
}

}  // namespace kronborg::crypto
