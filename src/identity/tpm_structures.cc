#include "identity/tpm_structures.h"

#include <algorithm>

#include "crypto/hash.h"

namespace kronborg::identity {

namespace {

// TPM_ALG_ID and TPM_ECC_CURVE
constexpr std::uint16_t alg_sha256 = 0x000B;
constexpr std::uint16_t alg_null = 0x0010;
constexpr std::uint16_t alg_ecdsa = 0x0018;
constexpr std::uint16_t alg_ecc = 0x0023;
constexpr std::uint16_t curve_p256 = 0x0003;

constexpr std::size_t coordinate_bytes = 32;
// TPMS_CLOCK_INFO (clock, resetCount, restartCount, safe) and firmwareVersion
constexpr std::size_t clock_and_firmware_bytes = 8 + 4 + 4 + 1 + 8;
constexpr std::size_t longest_digest = 64;

/// Numbers and sized buffers from the front; once something is missing, `good` stays false.
class Reader {
 public:
  explicit Reader(base::BytesView bytes) : rest_(bytes) {}

  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return number(4); }
  base::BytesView buffer(std::size_t longest) {
    const std::size_t size = u16();
    if (size > longest) good_ = false;
    return take(size);
  }
  base::BytesView take(std::size_t size) {
    if (!good_ || rest_.size() < size) {
      good_ = false;
      return {};
    }
    const base::BytesView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  void expect(std::uint16_t value) { good_ = u16() == value && good_; }

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool whole() const { return good_ && rest_.empty(); }

 private:
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (const std::uint8_t digit : take(size)) value = value << 8 | digit;
    return value;
  }

  base::BytesView rest_;
  bool good_ = true;
};

/// TPM2B_ECC_PARAMETER: a TPM may leave leading zeros out.
void put_number(base::BytesView number, std::span<std::uint8_t, coordinate_bytes> out) {
  std::ranges::fill(out, 0);
  std::ranges::copy(number, out.end() - static_cast<std::ptrdiff_t>(number.size()));
}

}  // namespace

std::optional<TpmPublic> read_tpm_public(base::BytesView bytes) {
  Reader reader(bytes);
  TpmPublic found;
  reader.expect(alg_ecc);
  reader.expect(alg_sha256);
  found.attributes = reader.u32();
  reader.buffer(longest_digest);  // authPolicy
  reader.expect(alg_null);        // symmetric
  const std::uint16_t scheme = reader.u16();
  if (scheme == alg_ecdsa) {
    reader.expect(alg_sha256);
  } else if (scheme != alg_null) {
    return std::nullopt;
  }
  reader.expect(curve_p256);
  reader.expect(alg_null);  // kdf
  crypto::P256PublicKey point{0x04};
  const std::span<std::uint8_t, 64> coordinates = std::span(point).last<64>();
  put_number(reader.buffer(coordinate_bytes), coordinates.first<32>());
  put_number(reader.buffer(coordinate_bytes), coordinates.last<32>());
  if (!reader.whole()) return std::nullopt;
  found.key = crypto::P256Verifier::of(point);
  if (!found.key) return std::nullopt;
  found.name = {alg_sha256 >> 8, alg_sha256 & 0xFF};
  std::ranges::copy(crypto::sha256(bytes), found.name.begin() + 2);
  return found;
}

std::optional<TpmAttest> read_tpm_attest(base::BytesView bytes) {
  constexpr std::size_t longest_name = 2 + longest_digest;
  Reader reader(bytes);
  TpmAttest found;
  found.magic = reader.u32();
  found.type = reader.u16();
  reader.buffer(longest_name);  // qualifiedSigner
  found.extra_data = reader.buffer(longest_name);
  reader.take(clock_and_firmware_bytes);
  if (found.type != tpm_attest_certify) return reader.good() ? std::optional(found) : std::nullopt;
  found.certified_name = reader.buffer(longest_name);
  reader.buffer(longest_name);  // qualifiedName
  return reader.whole() ? std::optional(found) : std::nullopt;
}

std::optional<crypto::P256Signature> read_tpm_signature(base::BytesView bytes) {
  Reader reader(bytes);
  reader.expect(alg_ecdsa);
  reader.expect(alg_sha256);
  crypto::P256Signature signature{};
  const std::span<std::uint8_t, 64> halves(signature);
  put_number(reader.buffer(coordinate_bytes), halves.first<32>());
  put_number(reader.buffer(coordinate_bytes), halves.last<32>());
  return reader.whole() ? std::optional(signature) : std::nullopt;
}

}  // namespace kronborg::identity
