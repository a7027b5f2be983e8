#include "crypto/x25519.h"

#include <sodium.h>

#include <cstdlib>

#include "base/encoding.h"

namespace kronborg::crypto {
namespace {

/// Chooses the fastest code for this processor; cheap after the first call, and thread-safe.
void prepare_sodium() {
  if (sodium_init() < 0) std::abort();
}

}  // namespace

X25519PrivateKey new_x25519_key(base::Random& random) {
  X25519PrivateKey key;
  random.fill(key.fill());
  return key;
}

X25519PublicKey x25519_public_key(const X25519PrivateKey& key) {
  prepare_sodium();
  X25519PublicKey out{};
  // The base point has large order, so that this cannot fail.
  if (crypto_scalarmult_curve25519_base(out.data(), key.reveal().data()) != 0) std::abort();
  return out;
}

std::optional<base::Secret<32>> x25519(const X25519PrivateKey& own, const X25519PublicKey& other) {
  prepare_sodium();
  base::Secret<32> shared;
  // Not 0 exactly when the result is all zero.
  if (crypto_scalarmult_curve25519(shared.fill().data(), own.reveal().data(), other.data()) != 0) {
    return std::nullopt;
  }
  return shared;
}

std::optional<X25519PublicKey> read_x25519_public_key(std::string_view text) {
  X25519PublicKey key{};
  if (text.size() != 43 || base::base64url_strict_into(text, key) != key.size()) {
    return std::nullopt;
  }
  // Every scalar is a multiple of 8 once it is clamped, so that any one finds the small orders.
  const X25519PrivateKey throw_away;
  if (!x25519(throw_away, key)) return std::nullopt;
  return key;
}

}  // namespace kronborg::crypto
