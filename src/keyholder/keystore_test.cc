#include "keyholder/keystore.h"

#include "base/encoding.h"
#include "crypto/p256.h"
#include "identity/derivation.h"
#include "identity/sealed_file.h"
#include "keyholder/fixture_test.h"

namespace kronborg::keyholder {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return place == std::string::npos ? text : text.replace(place, from.size(), to);
}

TEST(Keystore, KindsHaveTheNamesOfTheContract) {
  EXPECT_EQ(kind_name(KeystoreKind::passphrase), "passphrase");
  EXPECT_EQ(kind_name(KeystoreKind::tpm2), "tpm2");
  EXPECT_EQ(kind_name(KeystoreKind::secret_service), "secret-service");
  EXPECT_EQ(kind_name(KeystoreKind::file), "file");
  EXPECT_EQ(kind_named("passphrase"), KeystoreKind::passphrase);
  EXPECT_EQ(kind_named("file"), KeystoreKind::file);
  EXPECT_EQ(kind_named("tpm2"), KeystoreKind::tpm2);
  EXPECT_EQ(kind_named("secret-service"), KeystoreKind::secret_service);
  EXPECT_EQ(kind_named("tpm"), std::nullopt);
  EXPECT_EQ(kind_named(""), std::nullopt);
}

TEST(Keystore, ASealedFileOfTheVectorsOpens) {
  const base::json::value known = vectors("recovery.json");
  const base::json::value& row = known.at_pointer("/keystores/0");
  const std::string text = base::to_text(row.at("file"));
  const auto facts = read_facts(text);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->kind, KeystoreKind::passphrase);
  EXPECT_EQ(facts->master.text(), alice_address);
  EXPECT_EQ(facts->created_at, 1'767'225'600);
  const auto keystore = open_keystore(text, {.secret = row.at("passphrase").as_string()});
  ASSERT_TRUE(keystore) << keystore.error().text();
  EXPECT_EQ(secret_text_of(*keystore).reveal(), row.at("plaintext").as_string());
  EXPECT_EQ(code_of(open_keystore(text, {.secret = "correct horse battery stapler"})),
            "wrong_passphrase");
}

TEST(Keystore, KindsWithoutADeviceComeBackAsTheyWereWritten) {
  base::SystemRandom random;
  Keystore keystore;
  keystore.master = identity::new_master_key(random);
  keystore.device = crypto::new_p256_key(random);
  keystore.has_device = true;
  keystore.recovery.generation = 7;
  random.fill(keystore.recovery.key.fill());
  random.fill(keystore.recovery.salt);
  const std::string key(64, 'a');
  for (const KeystoreKind kind :
       {KeystoreKind::passphrase, KeystoreKind::secret_service, KeystoreKind::file}) {
    KeystoreFacts facts{.kind = kind,
                        .master = identity::address_of(keystore.master),
                        .device_id = *device_id_of(keystore),
                        .created_at = test_time};
    if (kind == KeystoreKind::secret_service) facts.item = "0b0e9ec6-4a06-4c62-8a5e-2c5d5a0a2f11";
    const Opener opener{.secret = kind == KeystoreKind::secret_service ? std::string_view(key)
                                                                       : "open sesame"};
    const auto text = form_of(kind).write(keystore, facts, opener, test_time + 1, random);
    ASSERT_TRUE(text) << text.error().text();
    const auto read = read_facts(*text);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->kind, kind);
    EXPECT_EQ(read->master, facts.master);
    EXPECT_EQ(read->device_id, facts.device_id);
    EXPECT_EQ(read->created_at, test_time);
    EXPECT_EQ(read->item, facts.item);
    EXPECT_EQ(read->asks, kind == KeystoreKind::passphrase ? Asks::passphrase : Asks::nothing);
    EXPECT_NE(text->find(R"("updated_at":1767225601)"), std::string::npos);
    const auto opened = open_keystore(*text, opener);
    ASSERT_TRUE(opened) << opened.error().text();
    EXPECT_EQ(secret_text_of(*opened).reveal(), secret_text_of(keystore).reveal());
    const bool in_the_clear = text->find(base::hex(keystore.master.reveal())) != std::string::npos;
    EXPECT_EQ(in_the_clear, kind == KeystoreKind::file);
  }
}

TEST(Keystore, OtherFormsAreRefusedByName) {
  const std::string good = alice_keystore();
  ASSERT_EQ(code_of(open_keystore(good, {})), "ok");
  const auto code = [&](std::string_view from, std::string_view to) {
    return code_of(open_keystore(replaced(good, from, to), {}));
  };
  EXPECT_EQ(code(R"("v":1,"format")", R"("v":2,"format")"), "bundle_unsupported");
  EXPECT_EQ(code("kronborg-keystore", "kronborg-recovery"), "bundle_unsupported");
  EXPECT_EQ(code(R"("kind":"file")", R"("kind":"vault")"), "bundle_unsupported");
  EXPECT_EQ(code(R"("kind":"file")", R"("kind":"tpm2")"), "keystore_damaged");
  EXPECT_EQ(code(R"("kind":"file")", R"("kind":"secret-service")"), "keystore_damaged");
  EXPECT_EQ(code(R"("kind":"file")", R"("kind":"passphrase")"), "bundle_unsupported");
  EXPECT_EQ(code(R"("kind":"file")", R"("kind":1)"), "keystore_damaged");
  EXPECT_EQ(code(R"("kind":"file",)", ""), "keystore_damaged");
  EXPECT_EQ(code(R"("plain")", R"("plane")"), "keystore_damaged");
  EXPECT_EQ(code("ac0974", "bc0974"), "keystore_damaged") << "the address is of another key";
  EXPECT_EQ(code("ac0974", "AC0974"), "keystore_damaged");
  EXPECT_EQ(code("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
                 std::string(64, '0')),
            "keystore_damaged");
  EXPECT_EQ(code(R"("generation":1)", R"("generation":0)"), "keystore_damaged");
  EXPECT_EQ(code(R"("salt":")", R"("salt":"AA)"), "keystore_damaged");
  EXPECT_EQ(code(R"("kind":)", R"("device_id":"0a1b2c3d","kind":)"), "keystore_damaged")
      << "no device key has this id";
  EXPECT_EQ(code_of(open_keystore("", {})), "keystore_damaged");
  EXPECT_EQ(code_of(open_keystore("[]", {})), "keystore_damaged");
  EXPECT_EQ(code_of(open_keystore("{}", {})), "keystore_damaged");
}

TEST(Keystore, AWrappedFileThatWasChangedIsDamaged) {
  base::SystemRandom random;
  Keystore keystore;
  keystore.master = identity::new_master_key(random);
  keystore.recovery.generation = 1;
  const KeystoreFacts facts{.kind = KeystoreKind::secret_service,
                            .master = identity::address_of(keystore.master),
                            .device_id = {},
                            .created_at = test_time,
                            .item = "0b0e9ec6-4a06-4c62-8a5e-2c5d5a0a2f11"};
  const std::string key(64, 'a');
  const auto good =
      form_of(facts.kind).write(keystore, facts, {.secret = key}, test_time, random).value();
  ASSERT_EQ(code_of(open_keystore(good, {.secret = key})), "ok");
  EXPECT_EQ(code_of(open_keystore(good, {.secret = std::string(64, 'b')})), "keystore_damaged");
  EXPECT_EQ(code_of(open_keystore(good, {.secret = "aa"})), "keystore_damaged");
  for (const auto& [from, to] :
       {std::pair{R"("created_at":1767225600)", R"("created_at":1)"},
        std::pair{R"("updated_at":1767225600)", R"("updated_at":1)"},
        std::pair{"0b0e9ec6", "1b0e9ec6"}, std::pair{R"("v":1,)", R"("v":1,"extra":1,)"}}) {
    EXPECT_EQ(code_of(open_keystore(replaced(good, from, to), {.secret = key})), "keystore_damaged")
        << to;
  }
}

TEST(Keystore, CostsBeyondTheBoundsAreRefusedBeforeAnyWork) {
  const base::json::value known = vectors("recovery.json");
  const std::string good = base::to_text(known.at_pointer("/keystores/0/file"));
  for (const auto& [from, to] :
       {std::pair{R"("opslimit":4)", R"("opslimit":17)"},
        std::pair{R"("memlimit":268435456)", R"("memlimit":1073741825)"},
        std::pair{"argon2id13", "argon2i13"}, std::pair{"xchacha20poly1305", "aes256gcm"}}) {
    EXPECT_EQ(code_of(open_keystore(replaced(good, from, to), {})), "bundle_unsupported") << to;
  }
}

TEST(Keystore, EveryCutFileIsDamaged) {
  const std::string good = alice_keystore();
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(code_of(open_keystore(good.substr(0, size), {})), "keystore_damaged") << size;
  }
}

}  // namespace
}  // namespace kronborg::keyholder
