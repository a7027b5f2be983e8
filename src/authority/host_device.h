#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "authority/authority.h"
#include "base/result.h"
#include "base/secret.h"
#include "keyholder/keyholder.h"

namespace kronborg::authority {

/// What a request token of this host is to be for (docs/protocol/identity.md section 11).
struct RequestToSign {
  std::string method;
  std::string path;                      ///< as it is sent, without the query
  std::string audience;                  ///< host of the URL, with the port if the URL names one
  std::optional<std::string> agent_id;   ///< UUID; nothing: the master signs
  std::optional<std::string> device_id;  ///< of this machine; nothing: the host device
};

struct SignedRequest {
  base::SecretText token;
  identity::Address issuer;
  std::string device_id;
  std::uint64_t counter = 0;
  std::int64_t expires_at = 0;  ///< Unix seconds
};

/// The device of the machine that runs the authority (docs/protocol/identity.md section 12.1), and
/// what it signs. Thread-safe.
class HostDevice {
 public:
  explicit HostDevice(const Parts& parts) : parts_(parts) {}

  /// Puts the host device into the list of devices when it is not there. Does nothing before
  /// set-up, and while a software key is locked away: to be called again after an unlock. Errors:
  /// those of KeyHolder::prove_device and of the store.
  base::Result<void> record(const Actor& actor);

  /// What registers a device of this machine with the authority that gave the challenge. Errors:
  /// identity_missing, those of KeyHolder::prove_device.
  base::Result<keyholder::DeviceProof> prove(const std::optional<std::string>& device_id,
                                             std::span<const std::uint8_t, 32> challenge);

  /// A token for one request. Its counter is above all of the same issuer and device before it,
  /// also after a crash. Errors: identity_missing, agent_not_found, identity_locked,
  /// counter_exhausted, those of KeyHolder::sign_as_device.
  base::Result<SignedRequest> sign(const RequestToSign& request);

 private:
  Parts parts_;
};

}  // namespace kronborg::authority
