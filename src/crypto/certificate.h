#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/p256.h"

namespace kronborg::crypto {

/// An X.509 certificate (RFC 5280). Immutable and thread-safe; copies share it.
class Certificate {
 public:
  /// DER and nothing behind it; nothing when it is no certificate.
  static std::optional<Certificate> from_der(base::BytesView der);
  /// Every certificate of a PEM text. Error: config_invalid when there is none, or one is damaged.
  static base::Result<std::vector<Certificate>> all_from_pem(std::string_view pem);

  [[nodiscard]] base::Bytes der() const;
  /// The key when it is one of NIST P-256.
  [[nodiscard]] std::optional<P256PublicKey> p256_key() const;
  /// SubjectPublicKeyInfo in DER.
  [[nodiscard]] base::Bytes public_key_info() const;
  /// The value of the extension with this object identifier, in digits and dots; nothing when there
  /// is none or more than one.
  [[nodiscard]] std::optional<base::Bytes> extension(const std::string& oid) const;
  /// Whether the extended key usage allows this purpose; nothing when there is no such extension.
  [[nodiscard]] std::optional<bool> allows_purpose(const std::string& oid) const;
  /// The subject in one line, for people.
  [[nodiscard]] std::string subject() const;

 private:
  friend bool is_chain(const Certificate&, const Certificate&, const Certificate&, std::int64_t);
  friend std::optional<Certificate> trust_anchor(const Certificate&, std::span<const Certificate>,
                                                 std::int64_t);
  struct State;
  explicit Certificate(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// Leaf signed by the intermediate, that by the root; names match; intermediate and root are
/// certification authorities, the leaf is not; all three valid at `at` (Unix seconds). The root is
/// trusted as it is.
bool is_chain(const Certificate& leaf, const Certificate& intermediate, const Certificate& root,
              std::int64_t at);

/// The self-issued certificate of `known` that `leaf` leads to at `at`, directly or through others
/// of `known`; nothing when there is none. The leaf is no certification authority.
std::optional<Certificate> trust_anchor(const Certificate& leaf, std::span<const Certificate> known,
                                        std::int64_t at);

}  // namespace kronborg::crypto
