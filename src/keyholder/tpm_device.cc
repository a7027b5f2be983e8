#include "keyholder/tpm_device.h"

#include <utility>

#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/hash.h"
#include "identity/device_id.h"
#include "identity/tpm_structures.h"
#include "keyholder/tpm_channel.h"

namespace kronborg::keyholder {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view format = "kronborg-tpm-device";
constexpr std::size_t max_file_bytes = 16 * 1024;

fs::path file_of(const fs::path& data_folder, std::string_view id) {
  return data_folder / ("device-" + std::string(id) + ".json");
}

base::Error damaged() {
  return {base::Code::keystore_damaged, "The file of a TPM device key is damaged.",
          "Restore it from a backup, or register a new device: 'kronborg device register'."};
}

base::Result<std::string> id_of(const TpmObject& device) {
  const auto area = identity::read_tpm_public(device.public_area);
  if (!area) return damaged();
  return identity::device_id_of(area->key->key());
}

base::json::object json_of(const TpmObject& object) {
  return {{"private", base::base64url(object.private_area)},
          {"public", base::base64url(object.public_area)}};
}

std::optional<base::Bytes> bytes_of(const base::json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return base::base64url_strict(std::string_view(value->get_string()));
}

base::Result<TpmObject> object_of(const base::json::object& file, std::string_view name) {
  const auto* const value = file.if_contains(name);
  if (value == nullptr || !value->is_object()) return damaged();
  auto public_area = bytes_of(value->get_object(), "public");
  auto private_area = bytes_of(value->get_object(), "private");
  if (!public_area || !private_area) return damaged();
  return TpmObject{*std::move(public_area), *std::move(private_area)};
}

/// The TPM for one use of it.
struct OpenTpm {
  Descriptor channel;
  std::unique_ptr<Tpm> tpm;

  static base::Result<OpenTpm> at(const fs::path& path) {
    OpenTpm open;
    TRY(open.channel, open_tpm(path));
    TRY(open.tpm, Tpm::on(open.channel.get()));
    return open;
  }
};

}  // namespace

base::Result<TpmDevice> TpmDevice::create(const fs::path& tpm, const fs::path& data_folder) {
  TpmDevice made;
  TRY(const OpenTpm open, OpenTpm::at(tpm));
  TRY(made.device_, open.tpm->create_key(TpmKeyUse::device));
  TRY(made.attestation_, open.tpm->create_key(TpmKeyUse::attestation));
  TRY(made.id_, id_of(made.device_));
  const base::json::object file{{"attestation", json_of(made.attestation_)},
                                {"device", json_of(made.device_)},
                                {"format", format},
                                {"v", 1}};
  TRY_VOID(base::replace_file(file_of(data_folder, made.id_), base::canonical_json(file)));
  return made;
}

bool TpmDevice::exists(const fs::path& data_folder, std::string_view id) {
  std::error_code failed;
  return identity::DeviceId::parse(id) && fs::exists(file_of(data_folder, id), failed);
}

base::Result<TpmDevice> TpmDevice::open(const fs::path& data_folder, std::string_view id) {
  if (!exists(data_folder, id)) return base::Code::device_not_found;
  TRY(const std::string text, base::read_file(file_of(data_folder, id), max_file_bytes));
  const auto parsed = base::parse_json(text);
  const auto* const file = parsed ? parsed->if_object() : nullptr;
  if (file == nullptr || !file->contains("v") || file->at("v") != 1) return damaged();
  TpmDevice device;
  TRY(device.device_, object_of(*file, "device"));
  TRY(device.attestation_, object_of(*file, "attestation"));
  TRY(device.id_, id_of(device.device_));
  if (device.id_ != id) return damaged();
  return device;
}

void TpmDevice::remove(const fs::path& data_folder, std::string_view id) {
  std::error_code ignored;  // a file that stays is of no use to anybody
  if (exists(data_folder, id)) fs::remove(file_of(data_folder, id), ignored);
}

base::Result<std::array<std::uint8_t, 64>> TpmDevice::sign(
    const fs::path& tpm, std::span<const std::uint8_t, 32> digest) const {
  TRY(const OpenTpm open, OpenTpm::at(tpm));
  return open.tpm->sign(device_, digest);
}

base::Result<TpmDeviceEvidence> TpmDevice::evidence(
    const fs::path& tpm, std::span<const std::uint8_t, 32> challenge) const {
  TRY(const OpenTpm open, OpenTpm::at(tpm));
  const auto hash = crypto::sha256(challenge);
  TRY(const auto proof, open.tpm->sign(device_, hash));
  TRY(auto certificate, open.tpm->certify(device_, attestation_, hash));
  TRY(auto endorsement, open.tpm->endorsement_certificate());
  return TpmDeviceEvidence{.device_public = device_.public_area,
                           .attestation_public = attestation_.public_area,
                           .certify = std::move(certificate.attest),
                           .signature = std::move(certificate.signature),
                           .proof = {proof.begin(), proof.end()},
                           .ek_certificate = std::move(endorsement)};
}

base::Result<base::Bytes> TpmDevice::activate(const fs::path& tpm, base::BytesView credential,
                                              base::BytesView secret) const {
  TRY(const OpenTpm open, OpenTpm::at(tpm));
  return open.tpm->activate(attestation_, credential, secret);
}

}  // namespace kronborg::keyholder
