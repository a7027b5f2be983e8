#include "identity/tpm_credential.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.h"
#include "identity/tpm_activation_test.h"

namespace kronborg::identity {
namespace {

class Constant final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, 0x42); }
};

base::Secret<32> counting() {
  base::Secret<32> content;
  for (std::size_t i = 0; i < 32; ++i) content.fill()[i] = static_cast<std::uint8_t>(i);
  return content;
}

TpmName name_of(std::string_view hex) {
  TpmName name{};
  EXPECT_TRUE(base::hex_strict_into(hex, name));
  return name;
}

const auto attestation_name =
    name_of("000b29b5937a3f465ea12c555b48da819e5f67e682d64f7c9996fab9317c483b3f03");

// A TPM (libtpms 0.9 behind swtpm) made this endorsement key and the attestation key of this name,
// and opened this credential: TPM2_ActivateCredential gave the bytes 00 to 1f.
TEST(TpmCredential, ATpmHasOpenedThisOne) {
  const auto endorsement_key =
      base::hex_strict(
          "3059301306072a8648ce3d020106082a8648ce3d03010703420004014b31a46640c9eb199c91ce3070c1f6"
          "b2e99e113be9efe294474fd10812f688417bd8b1720f346d7716d76d8b86c0d4f62d05bfb459a1356e6f1c"
          "ff9f9d60a7")
          .value();
  Constant random;
  const auto made = make_credential(endorsement_key, attestation_name, counting(), random);
  ASSERT_TRUE(made);
  EXPECT_EQ(base::hex(made->credential),
            "00440020d99e47e6a11dc15e158d82d8d533cce9eed43014a9fb251b1bc638d8888e23a9afde480b706dec"
            "2499deaf7788250763e72a30c854b9686ee532973b54d824d2fb92");
  EXPECT_EQ(base::hex(made->secret),
            "004400203ad3861a95621392516bb593ef05583ed2e5866f5cb6260a3017237fd89b90af0020d0961c7e37"
            "075a6791a39c61f56295b02b6d26567b615e60aa41ee1c8e83388d");
}

/// SubjectPublicKeyInfo of a key on NIST P-256.
base::Bytes info_of(const crypto::P256PublicKey& point) {
  auto info = base::hex_strict("3059301306072a8648ce3d020106082a8648ce3d030107034200").value();
  info.insert(info.end(), point.begin(), point.end());
  return info;
}

TEST(TpmCredential, OpensForThatKeyAndThatNameOnly) {
  base::SystemRandom random;
  const auto key = crypto::new_p256_key(random);
  const auto made = make_credential(info_of(crypto::p256_public_key(key).value()), attestation_name,
                                    counting(), random);
  ASSERT_TRUE(made);
  const SoftwareTpm right(key.duplicate(), attestation_name);
  const auto opened = right.activate(*made);
  ASSERT_TRUE(opened);
  EXPECT_EQ(base::hex(*opened), base::hex(counting().reveal()));

  auto other_name = attestation_name;
  other_name.back() ^= 1;
  EXPECT_FALSE(SoftwareTpm(key.duplicate(), other_name).activate(*made));
  EXPECT_FALSE(SoftwareTpm(crypto::new_p256_key(random), attestation_name).activate(*made));
  for (std::size_t at = 4; at < made->credential.size(); ++at) {
    auto changed = *made;
    changed.credential[at] ^= 1;
    EXPECT_FALSE(right.activate(changed)) << at;
  }
}

TEST(TpmCredential, OtherKindsOfKeyAreRefused) {
  base::SystemRandom random;
  const auto refused = make_credential(base::Bytes(91), attestation_name, counting(), random);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::tpm_ek_untrusted);
}

}  // namespace
}  // namespace kronborg::identity
