#include "keyholder/tpm.h"

#include "base/encoding.h"
#include "base/random.h"
#include "crypto/hash.h"
#include "crypto/p256.h"
#include "identity/tpm_credential.h"
#include "keyholder/fixture_test.h"
#include "keyholder/software_tpm_test.h"
#include "keyholder/tpm_channel.h"

namespace kronborg::keyholder {
namespace {

using Pin = std::optional<base::Secret<32>>;

class TpmTest : public testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    connect(software.path());
  }
  void TearDown() override { tpm.reset(); }

  void connect(const std::filesystem::path& path) {
    tpm.reset();
    channel = open_tpm(path).value();
    tpm = Tpm::on(channel.get()).value();
  }
  static Pin pin(std::uint8_t byte) {
    base::Secret<32> value;
    std::ranges::fill(value.fill(), byte);
    return value;
  }
  static base::Secret<32> key() { return *pin(0x5a); }

  TemporaryFolder folder;
  SoftwareTpm software{folder.path()};
  Descriptor channel;
  std::unique_ptr<Tpm> tpm;
};

/// Big-endian number at a place.
std::size_t number(base::BytesView bytes, std::size_t place, std::size_t size) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8U | bytes[place + i];
  return value;
}

/// The fields of a TPMT_PUBLIC of an ECC key with a scheme and without symmetric cipher and KDF, as
/// TPM 2.0 Library, Part 2 has them.
struct EccArea {
  explicit EccArea(base::BytesView area)
      : type(number(area, 0, 2)),
        name_algorithm(number(area, 2, 2)),
        attributes(number(area, 4, 4)),
        policy_bytes(number(area, 8, 2)),
        symmetric(number(area, 10, 2)),
        scheme(number(area, 12, 2)),
        scheme_hash(number(area, 14, 2)),
        curve(number(area, 16, 2)),
        kdf(number(area, 18, 2)),
        x_bytes(number(area, 20, 2)),
        y_bytes(number(area, 22 + x_bytes, 2)) {
    point[0] = 4;
    if (x_bytes != 32 || y_bytes != 32 || area.size() != 88) return;
    std::ranges::copy(area.subspan(22, 32), point.begin() + 1);
    std::ranges::copy(area.subspan(56, 32), point.begin() + 33);
  }
  std::size_t type, name_algorithm, attributes, policy_bytes, symmetric, scheme, scheme_hash, curve,
      kdf, x_bytes, y_bytes;
  crypto::P256PublicKey point{};
};

constexpr std::size_t attributes_of_all = 0x2 | 0x10 | 0x20 | 0x40 | 0x400 | 0x40000;
constexpr std::size_t restricted = 0x10000;

bool verifies(const crypto::P256PublicKey& key, std::span<const std::uint8_t, 32> digest,
              std::span<const std::uint8_t, 64> signature) {
  const auto verifier = crypto::P256Verifier::of(key);
  return verifier && verifier->verifies(digest, signature);
}

TEST_F(TpmTest, WhatIsSealedComesBackWithThePinOnly) {
  const auto open_to_all = tpm->seal(key(), std::nullopt);
  ASSERT_EQ(code_of(open_to_all), "ok");
  EXPECT_EQ(*tpm->unseal(*open_to_all, std::nullopt), key());
  const auto guarded = tpm->seal(key(), pin(1));
  ASSERT_EQ(code_of(guarded), "ok");
  EXPECT_EQ(*tpm->unseal(*guarded, pin(1)), key());
  EXPECT_EQ(code_of(tpm->unseal(*guarded, pin(2))), "wrong_passphrase");
  EXPECT_EQ(code_of(tpm->unseal(*guarded, std::nullopt)), "wrong_passphrase");
  EXPECT_EQ(*tpm->unseal(*guarded, pin(1)), key()) << "two wrong ones lock nobody out";
}

TEST_F(TpmTest, TooManyWrongPinsAndTheRightOneIsRefusedToo) {
  const auto guarded = tpm->seal(key(), pin(1));
  const auto open_to_all = tpm->seal(key(), std::nullopt);
  std::string code;
  int tries = 0;
  for (; code != "pin_locked_out" && tries < 40; ++tries) {
    code = code_of(tpm->unseal(*guarded, pin(2)));
    EXPECT_TRUE(code == "wrong_passphrase" || code == "pin_locked_out") << code;
  }
  EXPECT_GT(tries, 1);
  EXPECT_LT(tries, 40);
  EXPECT_EQ(code_of(tpm->unseal(*guarded, pin(1))), "pin_locked_out");
  EXPECT_EQ(*tpm->unseal(*open_to_all, std::nullopt), key()) << "without a PIN nobody can guess";
}

TEST_F(TpmTest, WhatIsSealedOutlivesARestartOfTheTpm) {
  const auto guarded = tpm->seal(key(), pin(1)).value();
  software.stop();
  const SoftwareTpm again(folder.path());
  connect(again.path());
  EXPECT_EQ(*tpm->unseal(guarded, pin(1)), key());
}

TEST_F(TpmTest, AnotherTpmDoesNotOpenIt) {
  const auto sealed = tpm->seal(key(), std::nullopt).value();
  TemporaryFolder elsewhere;
  const SoftwareTpm other(elsewhere.path());
  connect(other.path());
  EXPECT_EQ(code_of(tpm->unseal(sealed, std::nullopt)), "keystore_damaged");
}

TEST_F(TpmTest, ChangedObjectsAreDamaged) {
  const auto sealed = tpm->seal(key(), std::nullopt).value();
  for (const std::size_t at : {std::size_t{2}, sealed.private_area.size() / 2}) {
    TpmObject changed = sealed;
    changed.private_area[at] ^= 1U;
    EXPECT_EQ(code_of(tpm->unseal(changed, std::nullopt)), "keystore_damaged") << at;
  }
  TpmObject changed = sealed;
  changed.public_area.pop_back();
  EXPECT_EQ(code_of(tpm->unseal(changed, std::nullopt)), "keystore_damaged");
  changed = sealed;
  changed.public_area.push_back(0);
  EXPECT_EQ(code_of(tpm->unseal(changed, std::nullopt)), "keystore_damaged");
  changed = sealed;
  changed.private_area.resize(10'000);
  EXPECT_EQ(code_of(tpm->unseal(changed, std::nullopt)), "keystore_damaged");
}

TEST_F(TpmTest, ATpmThatGoesAwayIsAnErrorNotAnEnd) {
  const auto sealed = tpm->seal(key(), std::nullopt).value();
  software.stop();
  EXPECT_EQ(code_of(tpm->unseal(sealed, std::nullopt)), "keystore_unavailable");
  EXPECT_EQ(code_of(tpm->create_key(TpmKeyUse::device)), "keystore_unavailable");
  EXPECT_EQ(code_of(open_tpm(software.path())), "keystore_unavailable");
}

TEST(TpmChannel, PlacesWithoutATpmAreToldApart) {
  TemporaryFolder folder;
  const auto file = folder.path() / "file";
  write_private(file, "not a device");
  for (const auto& path : {folder.path() / "none", file, folder.path()}) {
    const auto opened = open_tpm(path);
    ASSERT_EQ(code_of(opened), "keystore_unavailable");
    EXPECT_NE(opened.error().message.find(path.string()), std::string::npos);
  }
}

TEST(TpmChannel, AnAnswerThatIsCutOrTooLongIsRefused) {
  for (const std::string_view answer :
       {std::string_view("\x80\x01\x00", 3),
        std::string_view("\x80\x01\x00\x01\x00\x00\x00\x00\x00\x00", 10),
        std::string_view("\x80\x01\x00\x00\x00\x04\x00\x00\x00\x00", 10)}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const Descriptor ours(ends[0]);
    Descriptor theirs(ends[1]);
    ASSERT_EQ(::write(theirs.get(), answer.data(), answer.size()),
              static_cast<ssize_t>(answer.size()));
    ::shutdown(theirs.get(), SHUT_WR);
    TpmChannel channel(ours.get());
    std::array<std::uint8_t, TPM2_MAX_RESPONSE_SIZE> response{};
    std::size_t size = response.size();
    const TSS2_RC code =
        Tss2_Tcti_Receive(channel.context(), &size, response.data(), TSS2_TCTI_TIMEOUT_BLOCK);
    EXPECT_NE(code, TSS2_RC_SUCCESS);
  }
}

TEST_F(TpmTest, NothingStaysInTheTpm) {
  // It has room for three objects and three sessions: what stayed would be in the way of the next.
  const auto device = tpm->create_key(TpmKeyUse::device).value();
  TpmObject broken = device;
  broken.private_area[10] ^= 1U;
  for (int i = 0; i < 8; ++i) {
    const auto sealed = tpm->seal(key(), std::nullopt);
    ASSERT_EQ(code_of(sealed), "ok") << i;
    ASSERT_EQ(code_of(tpm->unseal(*sealed, std::nullopt)), "ok") << i;
    ASSERT_EQ(code_of(tpm->sign(device, crypto::sha256({}))), "ok") << i;
    ASSERT_EQ(code_of(tpm->sign(broken, crypto::sha256({}))), "keystore_damaged") << i;
    if (i % 3 == 2) connect(software.path());
  }
}

TEST_F(TpmTest, ADeviceKeyIsWhatARegistrationAsksForAndSigns) {
  const auto device = tpm->create_key(TpmKeyUse::device);
  ASSERT_EQ(code_of(device), "ok");
  const EccArea area(device->public_area);
  EXPECT_EQ(area.type, 0x0023U) << "ECC";
  EXPECT_EQ(area.name_algorithm, 0x000bU) << "SHA-256";
  EXPECT_EQ(area.attributes, attributes_of_all)
      << "fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, sign";
  EXPECT_EQ(area.policy_bytes, 0U);
  EXPECT_EQ(area.symmetric, 0x0010U) << "null";
  EXPECT_EQ(area.scheme, 0x0018U) << "ECDSA";
  EXPECT_EQ(area.scheme_hash, 0x000bU);
  EXPECT_EQ(area.curve, 0x0003U) << "NIST P-256";
  EXPECT_EQ(area.kdf, 0x0010U);
  const auto digest = crypto::sha256(base::bytes_of("payload"));
  for (int i = 0; i < 4; ++i) {
    const auto signature = tpm->sign(*device, digest);
    ASSERT_EQ(code_of(signature), "ok");
    EXPECT_TRUE(verifies(area.point, digest, *signature));
    EXPECT_FALSE(verifies(area.point, crypto::sha256({}), *signature));
  }
  const auto other = tpm->create_key(TpmKeyUse::device).value();
  EXPECT_NE(other.public_area, device->public_area);
}

TEST_F(TpmTest, TheAttestationKeyCertifiesAndSignsNothingElse) {
  const auto device = tpm->create_key(TpmKeyUse::device).value();
  const auto attestation = tpm->create_key(TpmKeyUse::attestation).value();
  const EccArea area(attestation.public_area);
  EXPECT_EQ(area.attributes, attributes_of_all | restricted);
  const auto challenge = crypto::sha256(base::bytes_of("challenge"));
  const auto certificate = tpm->certify(device, attestation, challenge);
  ASSERT_EQ(code_of(certificate), "ok");

  // TPMS_ATTEST: magic, type, qualified signer, extraData …, and the name of what is certified.
  const base::BytesView attest = certificate->attest;
  EXPECT_EQ(number(attest, 0, 4), 0xff544347U);
  EXPECT_EQ(number(attest, 4, 2), 0x8017U);
  const std::size_t extra = 8 + number(attest, 6, 2);
  ASSERT_EQ(number(attest, extra, 2), 32U);
  EXPECT_TRUE(std::ranges::equal(attest.subspan(extra + 2, 32), challenge));
  const std::size_t name = extra + 2 + 32 + 17 + 8;  // clock, firmware version
  ASSERT_EQ(number(attest, name, 2), 34U);
  EXPECT_EQ(number(attest, name + 2, 2), 0x000bU);
  EXPECT_TRUE(std::ranges::equal(attest.subspan(name + 4, 32), crypto::sha256(device.public_area)));

  // TPMT_SIGNATURE: ECDSA, SHA-256, r, s.
  const base::BytesView made = certificate->signature;
  EXPECT_EQ(number(made, 0, 2), 0x0018U);
  EXPECT_EQ(number(made, 2, 2), 0x000bU);
  const std::size_t r_bytes = number(made, 4, 2);
  const std::size_t s_bytes = number(made, 6 + r_bytes, 2);
  ASSERT_EQ(made.size(), 8 + r_bytes + s_bytes);
  std::array<std::uint8_t, 64> signature{};
  std::ranges::copy(made.subspan(6, r_bytes), signature.begin() + 32 - static_cast<long>(r_bytes));
  std::ranges::copy(made.subspan(8 + r_bytes, s_bytes),
                    signature.begin() + 64 - static_cast<long>(s_bytes));
  EXPECT_TRUE(verifies(area.point, crypto::sha256(attest), signature));

  std::array<std::uint8_t, 32> digest{};
  EXPECT_EQ(code_of(tpm->sign(attestation, digest)), "keystore_unavailable") << "restricted";
}

TEST_F(TpmTest, ACredentialForTheAttestationKeyOpensHereOnly) {
  const auto attestation = tpm->create_key(TpmKeyUse::attestation).value();
  const auto endorsement = tpm->endorsement_key();
  ASSERT_EQ(code_of(endorsement), "ok");
  EXPECT_EQ(*tpm->endorsement_key(), *endorsement) << "the same at every call";
  // SubjectPublicKeyInfo of a P-256 key: a fixed head (RFC 5480), then the point.
  auto info = *base::hex_strict("3059301306072a8648ce3d020106082a8648ce3d030107034200");
  const std::size_t x = 8 + 2 + 32 + 2 + 2 + 2 + 2 + 2 + 2;  // up to the policy; AES, 128, CFB …
  ASSERT_EQ(number(*endorsement, x, 2), 32U);
  info.push_back(4);
  info.insert(info.end(), endorsement->begin() + x + 2, endorsement->begin() + x + 34);
  info.insert(info.end(), endorsement->begin() + x + 36, endorsement->end());
  const auto digest = crypto::sha256(attestation.public_area);
  identity::TpmName name{0x00, 0x0b};
  std::ranges::copy(digest, name.begin() + 2);
  base::SystemRandom random;
  const auto made = identity::make_credential(info, name, key(), random);
  ASSERT_EQ(code_of(made), "ok");
  const auto opened = tpm->activate(attestation, made->credential, made->secret);
  ASSERT_EQ(code_of(opened), "ok");
  EXPECT_TRUE(std::ranges::equal(*opened, key().reveal()));
  const auto other = tpm->create_key(TpmKeyUse::attestation).value();
  EXPECT_EQ(code_of(tpm->activate(other, made->credential, made->secret)), "keystore_damaged");
  EXPECT_EQ(code_of(tpm->activate(attestation, base::bytes_of("x"), made->secret)),
            "keystore_damaged");
  EXPECT_EQ(code_of(tpm->activate(attestation, made->credential, {})), "keystore_damaged");
}

TEST_F(TpmTest, ATpmWithoutACertificateHasNone) {
  const auto certificate = tpm->endorsement_certificate();
  ASSERT_EQ(code_of(certificate), "ok");
  EXPECT_FALSE(*certificate);
}

}  // namespace
}  // namespace kronborg::keyholder
