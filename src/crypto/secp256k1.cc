#include "crypto/secp256k1.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <algorithm>
#include <cstdlib>

#include "crypto/secp256k1_context.h"

namespace kronborg::crypto {
namespace {

/// n/2 rounded down, big-endian: the largest s that is read.
constexpr std::uint8_t half_order[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

bool all_zero(std::span<const std::uint8_t, 32> number) {
  return std::ranges::all_of(number, [](std::uint8_t byte) { return byte == 0; });
}

const secp256k1_context* context() { return secp256k1_context_of_process(); }

PublicKey uncompressed(const secp256k1_pubkey& point) {
  PublicKey key{};
  std::size_t size = key.size();
  secp256k1_ec_pubkey_serialize(context(), key.data(), &size, &point, SECP256K1_EC_UNCOMPRESSED);
  return key;
}

}  // namespace

bool is_private_key(std::span<const std::uint8_t, 32> bytes) {
  return secp256k1_ec_seckey_verify(context(), bytes.data()) == 1;
}

PublicKey public_key(const PrivateKey& key) {
  secp256k1_pubkey point;
  // Only for a key outside 1..n-1, which the precondition excludes.
  if (secp256k1_ec_pubkey_create(context(), &point, key.reveal().data()) != 1) std::abort();
  return uncompressed(point);
}

Signature sign_recoverable(const PrivateKey& key, const Digest& digest) {
  secp256k1_ecdsa_recoverable_signature made;
  if (secp256k1_ecdsa_sign_recoverable(context(), &made, digest.data(), key.reveal().data(),
                                       secp256k1_nonce_function_rfc6979, nullptr) != 1) {
    std::abort();  // as in public_key
  }
  Signature signature{};
  int id = 0;
  secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), signature.data(), &id, &made);
  signature[64] = static_cast<std::uint8_t>(27 + id);
  return signature;
}

std::optional<PublicKey> recover(const Signature& signature, const Digest& digest) {
  const std::uint8_t v = signature[64];
  if (v < 27 || v > 30) return std::nullopt;
  const std::span<const std::uint8_t, 32> r(signature.data(), 32);
  const std::span<const std::uint8_t, 32> s(signature.data() + 32, 32);
  if (all_zero(r) || all_zero(s)) return std::nullopt;
  if (std::ranges::lexicographical_compare(half_order, s)) return std::nullopt;
  // The library refuses r >= n while parsing, and x = r + n at or above p, x that is on no point
  // and the point at infinity while recovering.
  secp256k1_ecdsa_recoverable_signature parsed;
  if (secp256k1_ecdsa_recoverable_signature_parse_compact(context(), &parsed, signature.data(),
                                                          v - 27) != 1) {
    return std::nullopt;
  }
  secp256k1_pubkey point;
  if (secp256k1_ecdsa_recover(context(), &point, &parsed, digest.data()) != 1) return std::nullopt;
  return uncompressed(point);
}

}  // namespace kronborg::crypto
