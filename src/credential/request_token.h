#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/result.h"
#include "base/secret.h"
#include "identity/address.h"
#include "identity/device_id.h"
#include "identity/signed_message.h"

// Request tokens, version 5 (docs/protocol/identity.md section 11): each proves one request from
// one device.

namespace kronborg::credential {

inline constexpr std::size_t max_request_token_bytes = 8192;
inline constexpr std::int64_t max_request_token_life = 60;   ///< seconds, row 11
inline constexpr std::int64_t max_request_token_ahead = 30;  ///< seconds, row 12

/// Whether a bearer credential is to be judged as a request token (section 9, Kinds): it has
/// exactly three dots and is no access key.
bool is_request_token(std::string_view bearer);

/// `alg` of the header for a kind of device.
std::string_view request_token_algorithm(identity::DeviceKind kind);

/// Header and claims as read; texts are views into the ParsedRequestToken that holds them.
struct RequestTokenClaims {
  identity::DeviceKind kind = identity::DeviceKind::software;  ///< what `alg` of the header names
  std::string_view issuer;                                     ///< any string; compare lower
  std::string_view audience, action;
  std::optional<std::string_view> parent;
  std::optional<std::uint32_t> index;
  identity::DeviceId device;
  std::uint64_t counter = 0;
  std::int64_t issued_at = 0;
  std::int64_t expires_at = 0;
};

/// Rows 1 to 7: what can be said of a token from its bytes alone. Reusable, allocates nothing;
/// about 24 KiB.
class ParsedRequestToken {
 public:
  ParsedRequestToken() = default;
  ParsedRequestToken(const ParsedRequestToken&) = delete;  // the claims are views into this object
  ParsedRequestToken& operator=(const ParsedRequestToken&) = delete;

  /// The code of the first failing row of 1 to 6, or nothing. Does no curve arithmetic.
  std::optional<base::Code> parse(std::string_view text);
  /// Precondition of all below: parse() succeeded. Row 7; nothing: signature_invalid.
  [[nodiscard]] std::optional<identity::Address> recover_issuer() const;
  [[nodiscard]] const RequestTokenClaims& claims() const { return claims_; }
  [[nodiscard]] base::BytesView payload() const { return {payload_.data(), payload_size_}; }
  [[nodiscard]] base::BytesView assertion() const { return {assertion_.data(), assertion_size_}; }

 private:
  bool read_header(std::string_view part);
  bool read_payload();

  using Buffer = std::array<std::uint8_t, max_request_token_bytes>;
  Buffer payload_{};  // decoded
  Buffer strings_{};  // unescaped
  Buffer assertion_{};
  std::size_t payload_size_ = 0, assertion_size_ = 0;
  crypto::Signature signature_{};
  RequestTokenClaims claims_;
};

/// Row 10, for an issuer that is the master (no index) or an agent of it.
bool names_parent(const RequestTokenClaims& claims, const identity::Address& master,
                  std::optional<std::uint32_t> index_of_agent);

/// What rows 11 to 16 compare with.
struct RequestContext {
  std::int64_t now = 0;                ///< Unix seconds
  std::int64_t process_start = 0;      ///< Unix seconds, rounded up
  std::span<const std::string> hosts;  ///< lower-case
  /// As received, without the query. Without a method no action fits.
  std::string_view method, path;
};
std::optional<base::Code> judge_request(const RequestTokenClaims& claims,
                                        const RequestContext& context);

/// What a new token says. `exp` is 60 seconds after `issued_at`.
struct NewRequestToken {
  identity::DeviceKind kind = identity::DeviceKind::software;
  identity::Address issuer;
  identity::DeviceId device;
  std::uint64_t counter = 0;  ///< max(last + 1, now in milliseconds)
  std::int64_t issued_at = 0;
  std::string audience;  ///< host of the URL, with the port if the URL names one
  std::string method, path;
  struct Parent {
    identity::Address master;
    std::uint32_t index = 0;
  };
  std::optional<Parent> parent;  ///< when an agent is the issuer
};

/// Canonical JSON of header and payload.
std::string request_token_header(identity::DeviceKind kind);
std::string request_token_payload(const NewRequestToken& token);

/// Signs the payload under Prefix::message.
using SignPayload = std::function<base::Result<crypto::Signature>(base::BytesView payload)>;
/// The assertion of the device over SHA-256(payload): r ‖ s for tpm2 and software; no bytes for a
/// device without a key.
using AssertDevice =
    std::function<base::Result<base::Bytes>(std::span<const std::uint8_t, 32> client_data_hash)>;
/// The whole token, a secret until it has been used. Errors: those of the two.
base::Result<base::SecretText> write_request_token(const NewRequestToken& token,
                                                   const SignPayload& sign,
                                                   const AssertDevice& assert_device);

}  // namespace kronborg::credential
