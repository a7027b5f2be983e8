#include "crypto/certificate.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"

namespace kronborg::crypto {
namespace {

constexpr std::int64_t in_2026 = 1'767'225'600;

// The certificates of testdata/devices/registration.json.
class CertificateTest : public testing::Test {
 protected:
  CertificateTest() {
    const auto text =
        base::read_file(std::string(KRONBORG_SOURCE_DIR) + "/testdata/devices/registration.json");
    file_ = base::parse_json(text.value()).value().as_object().at("endorsement").as_object();
  }
  Certificate pem(const char* name) {
    return Certificate::all_from_pem(file_.at(name).as_string()).value().at(0);
  }
  Certificate der(const char* name) {
    return Certificate::from_der(base::base64url_strict(file_.at(name).as_string()).value())
        .value();
  }
  std::string anchor(const Certificate& leaf, std::vector<Certificate> known,
                     std::int64_t at = in_2026) {
    const auto found = trust_anchor(leaf, known, at);
    return found ? found->subject() : "none";
  }

  base::json::object file_;
};

TEST_F(CertificateTest, TellsWhatStandsInIt) {
  const auto leaf = der("certificate_b64u");
  {
    base::Secret<32> key;
    ASSERT_TRUE(base::hex_strict_into(file_.at("private_key_hex").as_string(), key.fill()));
    EXPECT_EQ(leaf.p256_key(), p256_public_key(key).value());
  }
  EXPECT_EQ(leaf.subject(), "CN=Endorsement key,O=Kronborg Test");
  EXPECT_EQ(leaf.allows_purpose("2.23.133.8.1"), true);
  EXPECT_EQ(leaf.allows_purpose("1.3.6.1.5.5.7.3.1"), false);
  EXPECT_EQ(pem("root").allows_purpose("2.23.133.8.1"), std::nullopt);
  EXPECT_EQ(der("rsa_certificate_b64u").p256_key(), std::nullopt);
  // extendedKeyUsage: SEQUENCE { OBJECT 2.23.133.8.1 }
  EXPECT_EQ(base::hex(leaf.extension("2.5.29.37").value()), "300706056781050801");
  EXPECT_EQ(leaf.extension("1.2.3.4"), std::nullopt);
}

TEST_F(CertificateTest, IsReadFromDerWholeOrNotAtAll) {
  const auto bytes = der("certificate_b64u").der();
  EXPECT_TRUE(Certificate::from_der(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Certificate::from_der(base::BytesView(bytes).first(size))) << size;
  }
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(Certificate::from_der(longer));
}

TEST_F(CertificateTest, PemHoldsOneOrMoreAndNothingDamaged) {
  const std::string one(file_.at("root").as_string());
  EXPECT_EQ(Certificate::all_from_pem(one + one)->size(), 2U);
  EXPECT_EQ(Certificate::all_from_pem("words before\n" + one)->size(), 1U);
  EXPECT_FALSE(Certificate::all_from_pem(""));
  EXPECT_FALSE(Certificate::all_from_pem("words"));
  std::string damaged = one;
  damaged[200] = '*';
  EXPECT_FALSE(Certificate::all_from_pem(one + damaged));
  EXPECT_FALSE(Certificate::all_from_pem(one + one.substr(0, one.size() / 2)));
}

TEST_F(CertificateTest, ChainsOfThreeInTheirOrder) {
  const auto leaf = der("certificate_b64u");
  const auto between = pem("intermediate");
  const auto root = pem("root");
  EXPECT_TRUE(is_chain(leaf, between, root, in_2026));
  EXPECT_FALSE(is_chain(between, leaf, root, in_2026));
  EXPECT_FALSE(is_chain(leaf, root, root, in_2026));
  EXPECT_FALSE(is_chain(leaf, between, pem("other_root"), in_2026));
  EXPECT_FALSE(is_chain(leaf, between, between, in_2026));
  EXPECT_FALSE(is_chain(between, root, root, in_2026));
  EXPECT_FALSE(is_chain(leaf, between, root, 1'704'067'200));  // 2024: not yet
  EXPECT_FALSE(is_chain(leaf, between, root, 2'398'377'600));  // 2046: no longer
}

TEST_F(CertificateTest, AnchorsAreSelfIssuedAndReachedThroughWhatIsKnown) {
  const auto leaf = der("certificate_b64u");
  const auto between = pem("intermediate");
  const auto root = pem("root");
  const std::string name = "CN=TPM Maker Root,O=Kronborg Test";
  EXPECT_EQ(anchor(leaf, {root, between}), name);
  EXPECT_EQ(anchor(leaf, {between, pem("other_root"), root}), name);
  EXPECT_EQ(anchor(leaf, {root}), "none");
  EXPECT_EQ(anchor(leaf, {between}), "none");
  EXPECT_EQ(anchor(leaf, {}), "none");
  EXPECT_EQ(anchor(leaf, {pem("other_root"), between}), "none");
  EXPECT_EQ(anchor(between, {root, between}), "none");  // an authority is no leaf
  EXPECT_EQ(anchor(root, {root}), "none");
  EXPECT_EQ(anchor(leaf, {root, between}, 2'398'377'600), "none");
}

}  // namespace
}  // namespace kronborg::crypto
