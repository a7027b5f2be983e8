#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "keyholder/tpm.h"

namespace kronborg::keyholder {

/// What registers a device key that a TPM holds (docs/protocol/identity.md section 12.2).
struct TpmDeviceEvidence {
  base::Bytes device_public, attestation_public, certify, signature, proof;
  std::optional<base::Bytes> ek_certificate;
};

/// A device key of this machine in its TPM, with the attestation key that vouches for it. Both lie
/// wrapped in `device-<id>.json` of the data folder: that file is worth nothing without the TPM.
///
/// Errors of all that use the TPM: keystore_unavailable, keystore_damaged (see Tpm).
class TpmDevice {
 public:
  /// Makes both keys and writes the file. Errors, besides: file_error, store_full.
  static base::Result<TpmDevice> create(const std::filesystem::path& tpm,
                                        const std::filesystem::path& data_folder);
  static bool exists(const std::filesystem::path& data_folder, std::string_view id);
  /// Errors: device_not_found, keystore_damaged, file_error.
  static base::Result<TpmDevice> open(const std::filesystem::path& data_folder,
                                      std::string_view id);
  static void remove(const std::filesystem::path& data_folder, std::string_view id);

  [[nodiscard]] const std::string& id() const { return id_; }
  /// r ‖ s over a SHA-256 digest.
  [[nodiscard]] base::Result<std::array<std::uint8_t, 64>> sign(
      const std::filesystem::path& tpm, std::span<const std::uint8_t, 32> digest) const;
  /// For a challenge of an authority.
  [[nodiscard]] base::Result<TpmDeviceEvidence> evidence(
      const std::filesystem::path& tpm, std::span<const std::uint8_t, 32> challenge) const;
  /// Opens the credential that an authority made for the attestation key (section 12.5, row 10).
  [[nodiscard]] base::Result<base::Bytes> activate(const std::filesystem::path& tpm,
                                                   base::BytesView credential,
                                                   base::BytesView secret) const;

 private:
  TpmDevice() = default;
  std::string id_;
  TpmObject device_, attestation_;
};

}  // namespace kronborg::keyholder
