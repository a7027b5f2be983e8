#pragma once

#include <array>
#include <initializer_list>
#include <memory>

#include "base/bytes.h"
#include "base/secret.h"

namespace kronborg::crypto {

std::array<std::uint8_t, 32> sha256(base::BytesView bytes);

/// SHA-256 of bytes that come in parts.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(base::BytesView bytes);
  /// Of everything that was added; nothing may be added behind it.
  std::array<std::uint8_t, 32> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// HKDF-SHA-256 (RFC 5869), extract and expand, 32 bytes out.
base::Secret<32> hkdf_sha256(base::BytesView input, base::BytesView salt, base::BytesView info);

/// HMAC-SHA512 over the parts joined; the result is secret when the key is.
base::Secret<64> hmac_sha512(base::BytesView key, std::initializer_list<base::BytesView> parts);
std::array<std::uint8_t, 32> hmac_sha256(base::BytesView key, base::BytesView message);
/// The same over the parts joined, where the result is a secret.
base::Secret<32> secret_hmac_sha256(base::BytesView key,
                                    std::initializer_list<base::BytesView> parts);

}  // namespace kronborg::crypto
