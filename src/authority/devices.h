#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "authority/authority.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "identity/app_attest.h"
#include "identity/device_id.h"
#include "identity/tpm_credential.h"

namespace kronborg::authority {

inline constexpr std::int64_t device_challenge_seconds = 120;
/// Open challenges; a further one takes the place of the oldest.
inline constexpr std::int64_t max_device_challenges = 256;
inline constexpr std::int64_t max_devices = 10'000;

/// What registrations are held to: `devices.…` of the configuration.
struct DeviceRules {
  bool allow_unattested = false;
  std::vector<std::string> apple_app_ids;  ///< each TEAMID.bundle
  std::vector<identity::AppleEnvironment> apple_environments;
  crypto::Certificate apple_root = identity::apple_app_attest_root();
  std::vector<crypto::Certificate> tpm_ek_roots;  ///< and intermediates; empty: row 10 is not asked
};

/// What is known of how the key is held (docs/protocol/identity.md section 12.1).
struct AttestationSummary {
  bool verified = false;  ///< somebody else than the device vouches for where the key is
  std::string format;     ///< `apple-appattest`, `tpm2`, `software`, `none` (no key)
  std::int64_t at_ms = 0;
  std::optional<std::string> app_id, environment;  ///< App Attest
  std::optional<std::string> manufacturer;         ///< TPM: `unchecked`, or `checked`
  std::optional<std::string> chain;  ///< subject of the root that the certificates lead to
};

struct DeviceRecord {
  std::string id;
  identity::DeviceKind kind = identity::DeviceKind::software;
  identity::Address issuer;
  std::optional<std::string> name;
  std::optional<crypto::P256PublicKey> public_key;
  AttestationSummary attestation;
  std::uint32_t sign_count = 0;  ///< as last flushed
  std::int64_t created_at_ms = 0;
  std::optional<std::int64_t> last_seen_at_ms, revoked_at_ms;
};

// Evidence of section 12.2, one for each way to register.
struct AppleEvidence {
  std::string key_id;
  base::Bytes attestation;
};
struct Tpm2Evidence {
  base::Bytes device_public, attestation_public, certify, signature, proof;
  std::optional<base::Bytes> ek_certificate;  ///< DER
  std::optional<base::Bytes> activation;      ///< what TPM2_ActivateCredential gave
};
struct SoftwareEvidence {
  base::Bytes public_key, proof;
};
struct UnattestedEvidence {
  std::string device_id;
};

struct NewDevice {
  base::Bytes challenge;
  std::optional<std::string> name;          ///< label rules of section 5.4
  std::optional<identity::Address> issuer;  ///< nothing: the master
  std::variant<AppleEvidence, Tpm2Evidence, SoftwareEvidence, UnattestedEvidence> evidence;
};

struct RegisteredDevice {
  DeviceRecord record;
  bool is_new = true;  ///< false: the key was registered before; nothing has changed
};
/// Section 12.5, row 10: the same request has to come again, with what the TPM opens.
struct ActivationRequired {
  identity::TpmCredential credential;
};
using Registration = std::variant<RegisteredDevice, ActivationRequired>;

/// The devices whose requests are accepted (docs/protocol/identity.md section 12). Thread-safe.
class Devices {
 public:
  Devices(const Parts& parts, DeviceRules rules) : parts_(parts), rules_(std::move(rules)) {}

  /// 32 bytes that one registration within device_challenge_seconds has to answer.
  base::Result<std::array<std::uint8_t, 32>> challenge();

  /// Uses the challenge up, whether the evidence is good or not; only ActivationRequired leaves it.
  /// Errors: device_challenge_unknown, device_id_conflict, device_key_required (evidence without a
  /// key where that is not allowed), invalid_member (the device id, or an issuer that is an agent
  /// of the master), label_invalid, identity_missing, limit_reached, and those of sections 12.2 to
  /// 12.5.
  base::Result<Registration> register_device(const Actor& actor, const NewDevice& device);

  /// Oldest first, revoked ones too.
  base::Result<Listed<DeviceRecord>> list(const Page& page);
  /// Error: device_not_found.
  base::Result<DeviceRecord> get(std::string_view id);
  /// Final. The device is refused before the call returns, and stays refused when the store fails.
  /// A device that was revoked before stays as it is. Error: device_not_found.
  base::Result<DeviceRecord> revoke(const Actor& actor, std::string_view id);

 private:
  using Challenge = std::span<const std::uint8_t, 32>;
  /// What good evidence makes of a device.
  struct Candidate {
    DeviceRecord record;
    base::Bytes receipt;
  };
  /// What a challenge waits for, once a TPM has been asked to activate a credential.
  struct Awaited {
    std::optional<std::string> activation, evidence;
  };
  base::Result<Candidate> examine(const AppleEvidence& evidence, Challenge challenge) const;
  base::Result<Candidate> examine(const Tpm2Evidence& evidence, Challenge challenge) const;
  base::Result<Candidate> examine(const SoftwareEvidence& evidence, Challenge challenge) const;
  base::Result<Candidate> examine(const UnattestedEvidence& evidence, Challenge challenge) const;
  base::Result<ActivationRequired> ask_to_activate(const Tpm2Evidence& evidence,
                                                   Challenge challenge);
  base::Result<Awaited> use_challenge(Challenge challenge);
  base::Result<RegisteredDevice> insert(const Actor& actor, const NewDevice& device,
                                        DeviceRecord record, base::BytesView receipt);

  // Constant after construction.
  Parts parts_;
  DeviceRules rules_;
};

}  // namespace kronborg::authority
