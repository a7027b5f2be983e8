#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kronborg::http {

/// A view of secret text inside a buffer whose owner wipes it. Not printable.
class SecretView {
 public:
  SecretView() = default;
  explicit SecretView(std::string_view text) : text_(text) {}
  [[nodiscard]] std::string_view reveal() const { return text_; }

 private:
  std::string_view text_;
};

/// One header field; views into the buffer of the connection.
struct Field {
  std::string_view name;   ///< as received; compare without case
  std::string_view value;  ///< optional white space around it removed
};

/// Fields that carry credentials. They are never in RequestHead::fields(), so that nothing can log
/// or forward them by accident.
enum class SecretField : std::uint8_t {
  authorization,
  private_key,
  user_token,
  join_token,
  cookie
};
inline constexpr std::size_t secret_field_count = 5;

enum class BodyKind : std::uint8_t { none, length, chunked };

/// The head of one request that passed docs/protocol/http.md sections 2 and 3. Its views end with
/// the exchange.
struct RequestHead {
  std::string_view method;
  std::string_view target;  ///< origin-form as received (absolute-form already reduced), or "*"
  std::string_view path;    ///< part of target before '?', as received
  std::string_view query;   ///< after '?', without it; empty when there is none
  std::string_view host;    ///< value of Host
  int minor_version = 1;    ///< HTTP/1.<minor_version>
  bool keep_alive = true;
  bool expect_continue = false;
  bool upgrade = false;  ///< Connection names upgrade and Upgrade is present
  BodyKind body = BodyKind::none;
  std::uint64_t content_length = 0;
  std::vector<Field> fields;    ///< without the secret ones, in order
  std::string_view request_id;  ///< value of the only X-Request-Id, as received; else empty
  std::optional<SecretView> secrets[secret_field_count];

  /// First field of that name (any case).
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
  [[nodiscard]] const std::optional<SecretView>& secret(SecretField which) const {
    return secrets[static_cast<std::size_t>(which)];
  }
};

/// What `Authorization` holds (identity.md section 9): scheme Bearer without case, exactly one
/// space, the rest as it is. nothing: no such field, or another scheme.
std::optional<SecretView> bearer(const RequestHead& head);

/// An answer made in one piece. Standard fields (http.md section 8) are added by the exchange.
struct Answer {
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;  ///< further ones; Cache-Control
                                                            ///< replaces no-store
};

std::string_view reason_phrase(int status);

}  // namespace kronborg::http
