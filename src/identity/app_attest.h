#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/p256.h"

// Apple App Attest (docs/protocol/identity.md sections 12.3 and 12.4).

namespace kronborg::identity {

using Hash32 = std::span<const std::uint8_t, 32>;

enum class AppleEnvironment : std::uint8_t { production, development };
std::string_view environment_name(AppleEnvironment environment);
std::optional<AppleEnvironment> environment_named(std::string_view name);

/// The Apple App Attestation Root CA, which is built in.
const crypto::Certificate& apple_app_attest_root();

/// What an attestation is held to.
struct AppAttestRules {
  std::span<const std::string> app_ids;  ///< each TEAMID.bundle
  std::span<const AppleEnvironment> environments;
  const crypto::Certificate& root;
  std::int64_t at = 0;  ///< Unix seconds
};

struct AppAttestation {
  crypto::P256PublicKey key{};
  std::string app_id;
  AppleEnvironment environment = AppleEnvironment::production;
  base::Bytes receipt;  ///< not judged; empty when there is none
};

/// Section 12.3. Errors: attestation_…, of the first failing row.
base::Result<AppAttestation> verify_attestation(base::BytesView object, std::string_view key_id,
                                                Hash32 client_data_hash,
                                                const AppAttestRules& rules);

/// Section 12.4, all but the comparison of the counter: the counter of an assertion that the key
/// has made over these client data in this app; nothing for any other bytes. The caller takes it
/// when it is greater than the last one.
std::optional<std::uint32_t> assertion_counter(base::BytesView assertion,
                                               const crypto::P256Verifier& key, Hash32 app_id_hash,
                                               Hash32 client_data_hash);

}  // namespace kronborg::identity
