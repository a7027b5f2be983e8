#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "identity/address.h"
#include "identity/signed_message.h"

namespace kronborg::credential {

inline constexpr std::size_t max_access_key_bytes = 8192;  ///< docs/protocol/identity.md 5.1

/// Claims of identity.md 5.2 as read; strings are views into the ParsedAccessKey that holds them.
struct AccessKeyClaims {
  std::string_view audience;  ///< any string; compare lower
  std::string_view issuer;    ///< any string; compare lower
  std::string_view label;
  std::string_view nonce;  ///< 1..128 bytes, compared byte for byte
  std::uint64_t counter = 0;
  std::int64_t issued_at = 0;
  std::optional<std::int64_t> expires_at;
};

/// Rows 1 to 5 of identity.md section 6: what can be said of a key from its bytes alone. Reusable,
/// allocates nothing; about 16 KiB.
class ParsedAccessKey {
 public:
  ParsedAccessKey() = default;
  ParsedAccessKey(const ParsedAccessKey&) = delete;  // the claims are views into this object
  ParsedAccessKey& operator=(const ParsedAccessKey&) = delete;

  /// The code of the first failing row (token_format, payload_encoding, signature_encoding,
  /// payload_malformed), or nothing when the claims can be read. Does no curve arithmetic.
  std::optional<base::Code> parse(std::string_view text);
  /// Precondition: parse() succeeded. Row 5; nothing: signature_invalid.
  [[nodiscard]] std::optional<identity::Address> recover_issuer() const;
  [[nodiscard]] const AccessKeyClaims& claims() const { return claims_; }
  [[nodiscard]] const crypto::Signature& signature() const { return signature_; }

 private:
  std::array<std::uint8_t, max_access_key_bytes> payload_{};  // decoded; strings unescaped in place
  std::array<std::uint8_t, max_access_key_bytes> strings_{};
  std::size_t payload_size_ = 0;
  crypto::Signature signature_{};
  AccessKeyClaims claims_;
};

/// What a new key says; `issuer` and `audience` are written in EIP-55.
struct NewAccessKey {
  identity::Address issuer;
  identity::Address audience;
  std::string label;  ///< empty: left out
  std::string nonce;  ///< 32 lower-case hexadecimal digits
  std::uint64_t counter = 0;
  std::int64_t issued_at = 0;
  std::optional<std::int64_t> expires_at;  ///< nothing: never
};

/// Canonical JSON of the payload: the bytes to sign under Prefix::access.
std::string access_key_payload(const NewAccessKey& key);
/// osk-v1.<payload>.<signature>. The result is a secret.
base::SecretText access_key_text(std::string_view payload, const crypto::Signature& signature);
/// `osk-v1.…` + last 6 hexadecimal digits of the signature.
std::string access_key_hint(const crypto::Signature& signature);

enum class Expiry : std::uint8_t { days_30, days_90, year_1, never };
std::optional<Expiry> expiry_named(std::string_view name);  ///< 30d, 90d, 1y, never
std::optional<std::int64_t> expires_at(Expiry choice, std::int64_t issued_at);

/// identity.md 5.5. Error: counter_exhausted.
base::Result<std::uint64_t> next_counter(std::optional<std::uint64_t> last,
                                         std::optional<std::uint64_t> threshold,
                                         std::int64_t now_ms);

}  // namespace kronborg::credential
