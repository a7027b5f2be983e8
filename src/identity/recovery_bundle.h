#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secp256k1.h"
#include "identity/address.h"
#include "identity/bundle_content.h"
#include "identity/sealed_file.h"

namespace kronborg::identity {

struct OpenedBundle {
  SealedHeader header;
  crypto::PrivateKey master;
  BundleContent content;
};

/// Reads and opens a bundle, and checks that the master key gives the address in the header and
/// that each agent's key gives its address. Errors: recovery_code_format, bundle_unsupported,
/// recovery_code_wrong (after the same work for every well-formed code), agent_address_mismatch.
base::Result<OpenedBundle> open_bundle(std::string_view file, std::string_view code);

enum class EarlierKeys : std::uint8_t { keep, revoke };

/// What a recovery adds (section 14.3): every index mark, and that of `host_scope`, rises to the
/// minutes of `now_ms` at least, so that no index is handed out twice; with EarlierKeys::revoke the
/// thresholds of the master and of the agents rise to max(their last counter, now_ms).
void raise_for_recovery(BundleContent& content, const Address& master,
                        const std::string& host_scope, EarlierKeys earlier, std::int64_t now_ms);

}  // namespace kronborg::identity
