#include <sys/stat.h>

#include "base/encoding.h"
#include "identity/recovery_code.h"
#include "identity/sealed_file.h"
#include "keyholder/fixture_test.h"

namespace kronborg::keyholder {
namespace {

using identity::Prefix;
using Names = std::vector<std::string>;

constexpr std::string_view sample_content =
    R"({"agents":[],"counters":{},"indices":{"a1b2c3d4":3},"revocations":[],"thresholds":{},)"
    R"("whitelist":{"agents":{},"master":[]}})";

/// What the recovery code opens, as text.
std::string opened(const std::filesystem::path& bundle, const base::SecretText& code) {
  const auto file = identity::read_sealed(content_of(bundle), identity::bundle_format);
  const auto password = identity::password_of_code(code.reveal());
  if (!file || !password) return "unreadable";
  const auto plain =
      identity::open_with_password(*file, password->reveal(), base::Code::recovery_code_wrong);
  return plain ? std::string(plain->plain.reveal()) : code_of(plain);
}

class IdentityFilesTest : public KeyHolderTest {
 protected:
  base::Result<NewIdentity> create(bool replace = false,
                                   std::optional<std::filesystem::path> recovery = {}) {
    return holder->create(KeystoreKind::file, {}, recovery, replace, test_time);
  }
  TemporaryFolder elsewhere;
  std::filesystem::path copy = elsewhere.path() / bundle_name;
};

TEST_F(IdentityFilesTest, APassphraseIdentityFromSetUpToUnlock) {
  const auto created = holder->create(KeystoreKind::passphrase, secret("se\u0301same ouvre"),
                                      elsewhere.path(), false, test_time);
  ASSERT_TRUE(created) << created.error().text();
  EXPECT_FALSE(holder->locked());
  EXPECT_EQ(names_in(data_folder()), (Names{"keystore.json", "recovery.json"}));
  for (const auto& path : {keystore(), bundle(), copy}) {
    struct stat facts{};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0600U) << path;
  }
  EXPECT_EQ(holder->address({}), created->master);
  const auto facts = holder->keystore();
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->kind, KeystoreKind::passphrase);
  EXPECT_EQ(facts->master, created->master);
  EXPECT_EQ(facts->device_id, created->device_id);
  EXPECT_EQ(facts->created_at, test_time);
  EXPECT_EQ(created->device_id.size(), 8U);
  const auto bundle_facts = holder->bundle();
  ASSERT_TRUE(bundle_facts);
  EXPECT_EQ(bundle_facts->master, created->master);
  EXPECT_EQ(bundle_facts->generation, 1);
  EXPECT_EQ(content_of(copy), content_of(bundle()));
  EXPECT_EQ(content_of(keystore()).find(std::string(created->recovery_code.reveal())),
            std::string::npos);

  start();  // another process for the same folder
  EXPECT_TRUE(holder->locked());
  EXPECT_EQ(code_of(holder->unlock(secret("sesame ouvre"))), "wrong_passphrase");
  ASSERT_EQ(code_of(holder->unlock(secret("s\u00e9same ouvre"))), "ok") << "NFC";
  EXPECT_EQ(holder->address({}), created->master);
}

TEST_F(IdentityFilesTest, TheCodeOpensTheBundleAndTheBundleHoldsTheMaster) {
  const auto created = create();
  ASSERT_TRUE(created) << created.error().text();
  ASSERT_EQ(code_of(holder->rewrite_bundle(sample_content, test_time + 9, {})), "ok");
  const auto stored = base::parse_json(content_of(keystore()));
  ASSERT_TRUE(stored);
  const std::string master(stored->at_pointer("/plain/master").as_string());
  EXPECT_EQ(
      opened(bundle(), created->recovery_code),
      R"({"agents":[],"counters":{},"indices":{"a1b2c3d4":3},"master":")" + master +
          R"(","revocations":[],"thresholds":{},"v":1,"whitelist":{"agents":{},"master":[]}})");
  const auto facts = holder->bundle();
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->generation, 1);
  EXPECT_EQ(facts->created_at, test_time);
  EXPECT_EQ(facts->updated_at, test_time + 9);
  EXPECT_EQ(opened(bundle(), secret("OSAURUS-0123-4567-89AB-CDEF")), "recovery_code_wrong");
}

TEST_F(IdentityFilesTest, ABundleOfManyRevocationsIsWritten) {
  ASSERT_TRUE(create());
  std::string content = R"({"revocations":[)";
  for (int i = 0; i < 20'000; ++i) {
    content += R"({"iss":"0x0000000000000000000000000000000000000000","nonce":")" +
               std::to_string(i) + R"("},)";
  }
  content.back() = ']';
  content += '}';
  ASSERT_EQ(code_of(holder->rewrite_bundle(content, test_time, {})), "ok");
  EXPECT_GT(std::filesystem::file_size(bundle()), content.size());
}

TEST_F(IdentityFilesTest, ContentThatIsNoContentChangesNothing) {
  ASSERT_TRUE(create());
  const std::string before = content_of(bundle());
  for (const std::string_view content :
       {"", "[]", "{", R"({"v":1})", R"({"master":"00"})", R"({} {})"}) {
    EXPECT_EQ(code_of(holder->rewrite_bundle(content, test_time, {})), "internal_error") << content;
  }
  EXPECT_EQ(content_of(bundle()), before);
  EXPECT_EQ(names_in(data_folder()), (Names{"keystore.json", "recovery.json"}));
}

TEST_F(IdentityFilesTest, ASecondSetUpNeedsWords) {
  const auto first = create();
  ASSERT_TRUE(first);
  const std::string keystore_before = content_of(keystore());
  const std::string bundle_before = content_of(bundle());
  EXPECT_EQ(code_of(create()), "identity_exists");
  EXPECT_EQ(content_of(keystore()), keystore_before);
  EXPECT_EQ(content_of(bundle()), bundle_before);
  EXPECT_EQ(holder->address({}), first->master) << "and the old one stays unlocked";

  const auto second = create(true);
  ASSERT_TRUE(second) << second.error().text();
  EXPECT_NE(second->master, first->master);
  EXPECT_EQ(holder->address({}), second->master);
  EXPECT_EQ(holder->keystore()->master, second->master);
  EXPECT_EQ(holder->bundle()->master, second->master);
  EXPECT_EQ(names_in(data_folder()), (Names{"keystore.json", "recovery.json"}));
}

TEST_F(IdentityFilesTest, ABundleWhoseKeystoreIsGoneIsNotOverwritten) {
  ASSERT_TRUE(create());
  std::filesystem::remove(keystore());
  const std::string before = content_of(bundle());
  const auto again = create();
  EXPECT_EQ(code_of(again), "identity_exists");
  EXPECT_NE(again.error().text(), base::facts(base::Code::identity_exists).text);
  EXPECT_EQ(content_of(bundle()), before);
}

TEST_F(IdentityFilesTest, AnUnacceptablePassphraseLeavesNothingBehind) {
  const auto with = [&](std::string_view passphrase) {
    return code_of(holder->create(KeystoreKind::passphrase, secret(passphrase), elsewhere.path(),
                                  false, test_time));
  };
  EXPECT_EQ(with("1234567"), "passphrase_too_short");
  EXPECT_EQ(with(std::string(1025, 'x')), "invalid_member");
  EXPECT_EQ(names_in(data_folder()), Names{});
  EXPECT_EQ(names_in(elsewhere.path()), Names{});
  EXPECT_TRUE(holder->locked());
  EXPECT_EQ(code_of(holder->address({})), "identity_locked");
}

TEST_F(IdentityFilesTest, ARecoveryFolderThatCannotBeWrittenStopsSetUp) {
  EXPECT_EQ(code_of(create(false, elsewhere.path() / "none")), "file_error");
  EXPECT_EQ(names_in(data_folder()), Names{});
  EXPECT_TRUE(holder->locked());
}

TEST_F(IdentityFilesTest, ACopyThatFailsIsAWarning) {
  ASSERT_TRUE(create(false, elsewhere.path()));
  EXPECT_FALSE(holder->copy_failure());
  ASSERT_EQ(code_of(holder->rewrite_bundle(sample_content, test_time + 1, elsewhere.path() / "x")),
            "ok");
  ASSERT_TRUE(holder->copy_failure());
  EXPECT_EQ(holder->copy_failure()->code, base::Code::file_error);
  EXPECT_EQ(holder->bundle()->updated_at, test_time + 1);
  EXPECT_NE(content_of(copy), content_of(bundle()));
  ASSERT_EQ(code_of(holder->rewrite_bundle(sample_content, test_time + 2, elsewhere.path())), "ok");
  EXPECT_FALSE(holder->copy_failure());
  EXPECT_EQ(content_of(copy), content_of(bundle()));
  EXPECT_EQ(names_in(elsewhere.path()), Names{"recovery.json"});
}

TEST_F(IdentityFilesTest, TheBundleOfAnotherIdentityIsNotOverwritten) {
  ASSERT_TRUE(create());
  const std::string other = base::to_text(vectors("recovery.json").at_pointer("/bundles/0/file"));
  write_private(copy, other);
  ASSERT_EQ(code_of(holder->rewrite_bundle(sample_content, test_time, elsewhere.path())), "ok");
  EXPECT_TRUE(holder->copy_failure());
  EXPECT_EQ(code_of(create(true, elsewhere.path())), "file_error");
  EXPECT_EQ(content_of(copy), other);
}

TEST_F(IdentityFilesTest, ReplacingReplacesTheCopyOfTheOldIdentity) {
  ASSERT_TRUE(create(false, elsewhere.path()));
  const auto second = create(true, elsewhere.path());
  ASSERT_TRUE(second) << second.error().text();
  EXPECT_EQ(content_of(copy), content_of(bundle()));
  EXPECT_EQ(holder->bundle()->master, second->master);
}

TEST_F(IdentityFilesTest, TheDataFolderItselfAsRecoveryFolderMeansNoCopy) {
  ASSERT_TRUE(create(false, data_folder()));
  EXPECT_EQ(code_of(holder->rewrite_bundle(sample_content, test_time, data_folder())), "ok");
  EXPECT_FALSE(holder->copy_failure());
  EXPECT_EQ(names_in(data_folder()), (Names{"keystore.json", "recovery.json"}));
}

TEST_F(IdentityFilesTest, ATamperedBundleDoesNotLendItsHeader) {
  const auto created = create();
  ASSERT_TRUE(created);
  std::string text = content_of(bundle());
  const std::string_view cost = R"("opslimit":4)";
  text.replace(text.find(cost), cost.size(), R"("opslimit":3)");
  write_private(bundle(), text);
  ASSERT_EQ(code_of(holder->rewrite_bundle(sample_content, test_time, {})), "ok");
  EXPECT_NE(opened(bundle(), created->recovery_code), "recovery_code_wrong");
}

}  // namespace
}  // namespace kronborg::keyholder
