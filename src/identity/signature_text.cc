#include "identity/signature_text.h"

#include <algorithm>

#include "base/encoding.h"

namespace kronborg::identity {

std::optional<crypto::Signature> read_signature(std::string_view text) {
  crypto::Signature signature{};
  const auto bytes = base::hex_relaxed(text);
  if (!bytes || bytes->size() != signature.size()) return std::nullopt;
  std::ranges::copy(*bytes, signature.begin());
  return signature;
}

std::string signature_text(const crypto::Signature& signature) {
  return "0x" + base::hex(signature);
}

std::optional<Address> signer_of(Prefix prefix, std::string_view payload,
                                 std::string_view signature) {
  const auto read = read_signature(signature);
  if (!read) return std::nullopt;
  return recover_signer(prefix, base::bytes_of(payload), *read);
}

}  // namespace kronborg::identity
