#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "authority/authority.h"
#include "base/result.h"
#include "base/secret.h"

namespace kronborg::api {

inline constexpr std::size_t max_credentials = 100;

struct CredentialRecord {
  std::string id, label, hint;
  std::int64_t created_at_ms = 0;
};

struct NewCredential {
  CredentialRecord record;
  base::SecretText credential;  ///< `kbm_` + 43 base64url + 6 check characters; shown once
};

/// Whether `text` has the form of a credential with this prefix and the right check characters:
/// CRC-32 over what stands before them, in base 62.
bool is_credential(std::string_view text, std::string_view prefix);

/// The credentials that open /metrics (docs/protocol/http.md section 14). Stored as SHA-256 only.
/// Thread-safe.
class MetricsCredentials {
 public:
  /// Reads what is there. Errors: those of the store.
  static base::Result<std::unique_ptr<MetricsCredentials>> open(const authority::Parts& parts);

  /// Error: limit_reached.
  base::Result<NewCredential> create(const authority::Actor& actor, const std::string& label);
  base::Result<authority::Listed<CredentialRecord>> list(const authority::Page& page);
  /// Holds from the next request. Error: not_found.
  base::Result<void> remove(const authority::Actor& actor, std::string_view id);

  /// Ends the credential that is presented; nothing for one that is not known.
  base::Result<void> end_presented(const authority::Actor& actor, std::string_view credential);

  /// Memory only.
  [[nodiscard]] bool accepts(std::string_view bearer) const;

 private:
  using Digest = std::array<std::uint8_t, 32>;
  explicit MetricsCredentials(const authority::Parts& parts) : parts_(parts) {}

  // Constant after construction.
  const authority::Parts& parts_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::set<Digest> live_;
};

}  // namespace kronborg::api
