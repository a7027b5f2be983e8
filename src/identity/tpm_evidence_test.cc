#include "identity/tpm_evidence.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"

namespace kronborg::identity {
namespace {

// The first registration of testdata/vectors/devices.json, which also holds the rows of the
// contract.
class TpmEvidenceTest : public testing::Test {
 protected:
  TpmEvidenceTest() {
    const auto text =
        base::read_file(std::string(KRONBORG_SOURCE_DIR) + "/testdata/vectors/devices.json");
    const auto file = base::parse_json(text.value()).value().as_object();
    const auto& row = file.at("tpm").as_array().at(0).as_object();
    const auto hex = [&](const char* name) {
      return base::hex_strict(row.at(name).as_string()).value();
    };
    device_ = hex("device_public_hex");
    attestation_ = hex("ak_public_hex");
    certify_ = hex("attest_hex");
    signature_ = hex("signature_hex");
    proof_ = base::base64url_strict(row.at("proof_b64u").as_string()).value();
    challenge_ = base::base64url_strict(row.at("challenge_b64u").as_string()).value();
  }
  std::string outcome() {
    const auto found = verify_tpm_evidence({.device_public = device_,
                                            .attestation_public = attestation_,
                                            .certify = certify_,
                                            .signature = signature_,
                                            .proof = proof_},
                                           base::BytesView(challenge_).first<32>());
    return found ? "good" : std::string(base::facts(found.error().code).name);
  }
  base::Bytes device_, attestation_, certify_, signature_, proof_, challenge_;
};

// What is left open is in the attributes of the attestation key: bits that nothing here asks about.
TEST_F(TpmEvidenceTest, NoOtherByteIsAcceptedAnywhere) {
  ASSERT_EQ(outcome(), "good");
  for (base::Bytes* part :
       {&device_, &attestation_, &certify_, &signature_, &proof_, &challenge_}) {
    for (std::size_t at = 0; at < part->size(); ++at) {
      const bool is_open = part == &attestation_ && (at == 4 || at == 6 || at == 7);
      part->at(at) ^= 0x01;
      EXPECT_EQ(outcome() == "good", is_open) << (part - &device_) << ' ' << at;
      part->at(at) ^= 0x01;
    }
  }
  EXPECT_EQ(outcome(), "good");
}

TEST_F(TpmEvidenceTest, StructuresAreReadWhole) {
  for (base::Bytes* part : {&device_, &attestation_, &certify_, &signature_}) {
    const base::Bytes whole = *part;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      part->assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(outcome(), "tpm_malformed") << size;
    }
    *part = whole;
    part->push_back(0);
    EXPECT_EQ(outcome(), "tpm_malformed");
    *part = whole;
  }
}

// Field by field: what the name and the signature would refuse later must be refused for what it
// is.
TEST_F(TpmEvidenceTest, PublicAreasAreHeldToEachAlgorithm) {
  struct Change {
    std::size_t at;
    std::uint8_t value;
  };
  // type, nameAlg, symmetric, scheme, hash of the scheme, curve, kdf
  for (const Change change : {Change{1, 0x01}, Change{3, 0x0C}, Change{11, 0x06}, Change{13, 0x16},
                              Change{15, 0x0C}, Change{17, 0x04}, Change{19, 0x07}}) {
    const std::uint8_t before = device_.at(change.at);
    device_.at(change.at) = change.value;
    EXPECT_EQ(outcome(), "tpm_malformed") << change.at;
    device_.at(change.at) = before;
  }
  EXPECT_EQ(outcome(), "good");
}

TEST_F(TpmEvidenceTest, NumbersMayComeWithoutTheirLeadingZeros) {
  // r of 31 bytes and s of 33: the first is a number like any other, the second is none.
  const base::Bytes short_r =
      base::hex_strict("0018000b001f" + std::string(62, '1') + "0020" + std::string(64, '2'))
          .value();
  const auto read = read_tpm_signature(short_r);
  ASSERT_TRUE(read);
  EXPECT_EQ(base::hex(*read), "00" + std::string(62, '1') + std::string(64, '2'));
  const base::Bytes long_s =
      base::hex_strict("0018000b0020" + std::string(64, '1') + "0021" + std::string(66, '2'))
          .value();
  EXPECT_FALSE(read_tpm_signature(long_s));
}

TEST_F(TpmEvidenceTest, NameIsThatOfTheLibrary) {
  const auto found = read_tpm_public(device_);
  ASSERT_TRUE(found);
  // The name that the TPM wrote into its own statement.
  EXPECT_EQ(base::hex(found->name), base::hex(read_tpm_attest(certify_)->certified_name));
}

}  // namespace
}  // namespace kronborg::identity
