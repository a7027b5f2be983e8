#include <algorithm>
#include <utility>

#include "crypto/hash.h"
#include "crypto/p256.h"
#include "keyholder/keyholder.h"
#include "keyholder/keyholder_state.h"
#include "keyholder/protocol.h"
#include "keyholder/tpm_device.h"

// The key of the host device (docs/protocol/identity.md section 12.1): in the TPM, whose wrapped
// keys this side of the process border may read, or in the keystore, whose holder signs.

namespace kronborg::keyholder {

namespace {

struct SoftwareSignature {
  crypto::P256PublicKey key;
  crypto::P256Signature signature;
};

base::Result<SoftwareSignature> signed_by_keystore(Connection& connection,
                                                   std::span<const std::uint8_t, 32> digest) {
  DeviceRequest request;
  request.digest.assign(digest.begin(), digest.end());
  TRY(const DeviceReply reply, connection.ask<DeviceReply>(std::move(request)));
  SoftwareSignature made{};
  if (reply.key.size() != made.key.size() || reply.signature.size() != made.signature.size()) {
    return base::Error(base::Code::keyholder_failed, "The key holder gave another answer.");
  }
  std::ranges::copy(reply.key, made.key.begin());
  std::ranges::copy(reply.signature, made.signature.begin());
  return made;
}

}  // namespace

std::string KeyHolder::State::new_tpm_device() const {
  const auto device = TpmDevice::create(options.tpm, options.data_folder);
  return device ? device->id() : std::string();
}

void KeyHolder::State::discard_tpm_device(const std::string& id) const {
  TpmDevice::remove(options.data_folder, id);
}

bool KeyHolder::in_tpm(std::string_view device_id) const {
  return TpmDevice::exists(state_->options.data_folder, device_id);
}

base::Result<crypto::P256Signature> KeyHolder::sign_as_device(
    std::string_view device_id, std::span<const std::uint8_t, 32> digest) {
  const auto& options = state_->options;
  if (in_tpm(device_id)) {
    TRY(const TpmDevice device, TpmDevice::open(options.data_folder, device_id));
    return device.sign(options.tpm, digest);
  }
  TRY(const auto made, signed_by_keystore(state_->connection, digest));
  if (identity::device_id_of(made.key) != device_id) return base::Code::device_not_found;
  return made.signature;
}

base::Result<DeviceProof> KeyHolder::prove_device(std::string_view device_id,
                                                  std::span<const std::uint8_t, 32> challenge) {
  const auto& options = state_->options;
  if (in_tpm(device_id)) {
    TRY(const TpmDevice device, TpmDevice::open(options.data_folder, device_id));
    TRY(auto evidence, device.evidence(options.tpm, challenge));
    return DeviceProof(std::move(evidence));
  }
  TRY(const auto made, signed_by_keystore(state_->connection, crypto::sha256(challenge)));
  if (identity::device_id_of(made.key) != device_id) return base::Code::device_not_found;
  return DeviceProof(
      SoftwareDeviceEvidence{.public_key = {made.key.begin(), made.key.end()},
                             .proof = {made.signature.begin(), made.signature.end()}});
}

}  // namespace kronborg::keyholder
