#include "authority/host_device.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "authority/device_rows.h"
#include "authority/rows.h"
#include "credential/request_token.h"
#include "identity/tpm_evidence.h"

namespace kronborg::authority {

namespace {

using identity::DeviceKind;
using Challenge = std::span<const std::uint8_t, 32>;

base::Error not_good() {
  return {base::Code::keyholder_failed, "The key of the host device does not sign for it.",
          "Run 'kronborg doctor'."};
}

/// The key that made good evidence, of the kind that holds it.
base::Result<DeviceRecord> record_of(const keyholder::DeviceProof& proof, Challenge challenge) {
  DeviceRecord record;
  if (const auto* const tpm = std::get_if<keyholder::TpmDeviceEvidence>(&proof)) {
    TRY(const auto found,
        identity::verify_tpm_evidence({.device_public = tpm->device_public,
                                       .attestation_public = tpm->attestation_public,
                                       .certify = tpm->certify,
                                       .signature = tpm->signature,
                                       .proof = tpm->proof},
                                      challenge));
    record.kind = DeviceKind::tpm2;
    record.public_key = found.key;
    record.attestation.verified = true;
    record.attestation.format = "tpm2";
    record.attestation.manufacturer = "unchecked";
    return record;
  }
  const auto& software = std::get<keyholder::SoftwareDeviceEvidence>(proof);
  const auto key = crypto::P256Verifier::of(software.public_key);
  if (!key || !identity::is_proof(software.proof, *key, challenge)) return not_good();
  record.kind = DeviceKind::software;
  record.public_key = key->key();
  record.attestation.format = "software";
  return record;
}

/// Who signs: the master, or an agent of it.
struct Signer {
  keyholder::KeyRef key;
  credential::NewRequestToken token;
};
base::Result<Signer> signer_of(const Parts& parts, const RequestToSign& request,
                               std::int64_t now_ms) {
  Signer signer;
  TRY_VOID(parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto identity, require_identity(transaction));
    const auto device = identity::DeviceId::parse(request.device_id.value_or(identity.device_id));
    if (!device) return base::Code::device_not_found;
    signer.token.device = *device;
    signer.token.issuer = identity.master;
    if (!request.agent_id) return {};
    TRY(const auto agent, read_agent(transaction, *request.agent_id, now_ms / 1000));
    signer.token.issuer = agent.address;
    signer.token.parent = {.master = identity.master, .index = agent.index};
    signer.key = {.kind = identity::KeyKind::agent,
                  .agent = {.scope = agent.scope, .index = agent.index}};
    return {};
  }));
  return signer;
}

/// max(last + 1, now), durable.
base::Result<std::uint64_t> next_counter(const Parts& parts, const identity::Address& issuer,
                                         const identity::DeviceId& device, std::int64_t now_ms) {
  std::uint64_t counter = static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms, 0));
  TRY_VOID(parts.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    counter = static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms, 0));
    TRY(const auto last,
        transaction("SELECT counter FROM signed_counters WHERE issuer = $1 AND device = $2",
                    issuer.lower(), device.text()));
    if (!last.rows.empty()) {
      TRY(const std::uint64_t value, counter_from(last.rows.front().text(0)));
      if (value == std::numeric_limits<std::uint64_t>::max()) {
        return base::Code::counter_exhausted;
      }
      counter = std::max(counter, value + 1);
    }
    TRY_VOID(
        transaction("INSERT INTO signed_counters (issuer, device, counter) "
                    "VALUES ($1, $2, $3) ON CONFLICT (issuer, device) "
                    "DO UPDATE SET counter = excluded.counter",
                    issuer.lower(), device.text(), sql::u64_text(counter)));
    return {};
  }));
  return counter;
}

}  // namespace

base::Result<void> HostDevice::record(const Actor& actor) {
  std::optional<IdentityFacts> facts;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(facts, read_identity(transaction));
    return {};
  }));
  const auto id = facts ? identity::DeviceId::parse(facts->device_id) : std::nullopt;
  if (!id || parts_.board.current()->devices.contains(*id)) return {};
  std::array<std::uint8_t, 32> challenge{};
  parts_.random.fill(challenge);
  const auto proof = parts_.key_holder.prove_device(facts->device_id, challenge);
  if (!proof && proof.error().code == base::Code::identity_locked) return {};
  if (!proof) return proof.error();
  TRY(auto record, record_of(*proof, challenge));
  record.id = identity::device_id_of(*record.public_key);
  if (record.id != facts->device_id) return not_good();
  record.issuer = facts->master;
  record.name = "this host";
  record.created_at_ms = parts_.clock.now_ms();
  record.attestation.at_ms = record.created_at_ms;
  return parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto now_known, require_identity(transaction));
    TRY(const auto existing, read_device(transaction, record.id));
    if (existing || now_known.device_id != record.id) return {};  // somebody else was faster
    return add_device(transaction, parts_, actor, record, {});
  });
}

base::Result<keyholder::DeviceProof> HostDevice::prove(const std::optional<std::string>& device_id,
                                                       Challenge challenge) {
  TRY(const Signer signer,
      signer_of(parts_,
                {.method = {}, .path = {}, .audience = {}, .agent_id = {}, .device_id = device_id},
                parts_.clock.now_ms()));
  return parts_.key_holder.prove_device(signer.token.device.text(), challenge);
}

base::Result<SignedRequest> HostDevice::sign(const RequestToSign& request) {
  const std::int64_t now_ms = parts_.clock.now_ms();
  TRY(Signer signer, signer_of(parts_, request, now_ms));
  credential::NewRequestToken& token = signer.token;
  const std::string device_id = token.device.text();
  token.kind = parts_.key_holder.in_tpm(device_id) ? DeviceKind::tpm2 : DeviceKind::software;
  token.issued_at = now_ms / 1000;
  token.audience = request.audience;
  token.method = request.method;
  token.path = request.path;
  TRY(token.counter, next_counter(parts_, token.issuer, token.device, now_ms));
  TRY(auto text, credential::write_request_token(
                     token,
                     [&](base::BytesView payload) {
                       return parts_.key_holder.sign(identity::Prefix::message, payload,
                                                     signer.key);
                     },
                     [&](std::span<const std::uint8_t, 32> hash) -> base::Result<base::Bytes> {
                       TRY(const auto signature, parts_.key_holder.sign_as_device(device_id, hash));
                       return base::Bytes(signature.begin(), signature.end());
                     }));
  return SignedRequest{.token = std::move(text),
                       .issuer = token.issuer,
                       .device_id = device_id,
                       .counter = token.counter,
                       .expires_at = token.issued_at + credential::max_request_token_life};
}

}  // namespace kronborg::authority
