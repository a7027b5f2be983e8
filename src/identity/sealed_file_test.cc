#include "identity/sealed_file.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/random.h"

namespace kronborg::identity {
namespace {

using base::Code;
namespace json = base::json;

/// A bundle that costs next to nothing to open.
class SealedFileTest : public testing::Test {
 protected:
  SealedFileTest() {
    header_.format = bundle_format;
    header_.address = *Address::parse("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    header_.generation = 3;
    header_.created_at = 1767225600;
    header_.updated_at = 1767225660;
    header_.cost = {.opslimit = 1, .memlimit = 8192};
    header_.salt.fill(0x5A);
    key_ = *key_of_password(header_, "0123456789ABCDEF");
    text_ = seal(header_, key_, plain_, random_);
  }

  [[nodiscard]] json::object object() const { return base::parse_json(text_)->get_object(); }
  static Code code_of(const json::object& object) {
    const auto file = read_sealed(base::to_text(object), bundle_format);
    return file ? Code::internal_error : file.error().code;
  }

  base::SystemRandom random_;
  SealedHeader header_;
  base::Secret<32> key_;
  std::string_view plain_ = R"({"master":"ab","v":1})";
  std::string text_;
};

TEST_F(SealedFileTest, OpensWithPasswordAndWithKey) {
  const auto file = read_sealed(text_, bundle_format);
  ASSERT_TRUE(file);
  const auto opened = open_with_password(*file, "0123456789ABCDEF", Code::recovery_code_wrong);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->plain.reveal(), plain_);
  EXPECT_TRUE(opened->key == key_);
  EXPECT_EQ(open_with_key(*file, key_, Code::wrong_passphrase)->reveal(), plain_);
}

TEST_F(SealedFileTest, HeaderIsReadAsWritten) {
  const auto file = read_sealed(text_, bundle_format);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->header.format, bundle_format);
  EXPECT_EQ(file->header.address, header_.address);
  EXPECT_EQ(file->header.generation, 3);
  EXPECT_EQ(file->header.created_at, 1767225600);
  EXPECT_EQ(file->header.updated_at, 1767225660);
  EXPECT_EQ(file->header.cost.opslimit, 1U);
  EXPECT_EQ(file->header.cost.memlimit, 8192U);
  EXPECT_EQ(file->header.salt, header_.salt);
  EXPECT_TRUE(file->header.extra.empty());
}

TEST_F(SealedFileTest, EveryWriteHasANewNonce) {
  const auto first = read_sealed(text_, bundle_format);
  const auto second = read_sealed(seal(header_, key_, plain_, random_), bundle_format);
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->nonce, second->nonce);
  EXPECT_NE(first->ciphertext, second->ciphertext);
}

TEST_F(SealedFileTest, WrongPasswordIsTheCodeOfTheCaller) {
  const auto file = read_sealed(text_, bundle_format);
  ASSERT_TRUE(file);
  EXPECT_EQ(open_with_password(*file, "0123456789ABCDEE", Code::recovery_code_wrong).error().code,
            Code::recovery_code_wrong);
  EXPECT_EQ(open_with_key(*file, base::Secret<32>(), Code::wrong_passphrase).error().code,
            Code::wrong_passphrase);
}

TEST_F(SealedFileTest, UnknownMembersAreBoundAndKept) {
  header_.extra["note"] = "a/b";
  header_.extra_kdf["lanes"] = 1;
  const auto file = read_sealed(seal(header_, key_, plain_, random_), bundle_format);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->header.extra, header_.extra);
  EXPECT_EQ(file->header.extra_kdf, header_.extra_kdf);
  EXPECT_TRUE(open_with_key(*file, key_, Code::recovery_code_wrong));
  const auto again = read_sealed(seal(file->header, key_, plain_, random_), bundle_format);
  EXPECT_EQ(again->header.extra, header_.extra);
}

TEST_F(SealedFileTest, NoMemberCanBeChanged) {
  const auto opens = [&](const json::object& changed) {
    const auto file = read_sealed(base::to_text(changed), bundle_format);
    return file && open_with_key(*file, key_, Code::recovery_code_wrong).has_value();
  };
  EXPECT_TRUE(opens(object()));
  const json::object changes{{"address", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"},
                             {"generation", 4},
                             {"created_at", 1},
                             {"updated_at", 1},
                             {"nonce", base::base64url(std::array<std::uint8_t, 24>{})},
                             {"ct", "AAAA"},
                             {"extra", 1}};
  for (const auto& [name, value] : changes) {
    json::object changed = object();
    changed[name] = value;
    EXPECT_FALSE(opens(changed)) << name;
  }
  for (const auto& [name, value] : json::object{{"opslimit", 2}, {"memlimit", 16384}, {"x", 1}}) {
    json::object changed = object();
    changed["kdf"].as_object()[name] = value;
    EXPECT_FALSE(opens(changed)) << name;
  }
  json::object without = object();
  without.erase("generation");
  EXPECT_FALSE(opens(without));
}

TEST_F(SealedFileTest, OtherFormsAreRefusedBeforeAnyWork) {
  const json::object changes{{"v", 2},
                             {"format", "kronborg-keystore"},
                             {"aead", "aes-256-gcm"},
                             {"address", "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"},
                             {"generation", "1"},
                             {"created_at", -1},
                             {"updated_at", 1.5},
                             {"kdf", nullptr},
                             {"nonce", "AAAA"},
                             {"ct", "A+=="}};
  for (const auto& [name, value] : changes) {
    json::object changed = object();
    changed[name] = value;
    EXPECT_EQ(code_of(changed), Code::bundle_unsupported) << name << " " << value;
  }
  for (const char* name :
       {"v", "format", "address", "created_at", "updated_at", "kdf", "aead", "nonce", "ct"}) {
    json::object changed = object();
    changed.erase(name);
    EXPECT_EQ(code_of(changed), Code::bundle_unsupported) << name;
  }
  for (const std::string_view text : {"", "[]", "{", "7"}) {
    EXPECT_EQ(read_sealed(text, bundle_format).error().code, Code::bundle_unsupported);
  }
  EXPECT_EQ(read_sealed(text_, keystore_format).error().code, Code::bundle_unsupported);
}

TEST_F(SealedFileTest, CostsAreBounded) {
  const auto with = [&](std::string_view name, std::uint64_t value) {
    json::object changed = object();
    changed["kdf"].as_object()[name] = value;
    return read_sealed(base::to_text(changed), bundle_format).has_value();
  };
  EXPECT_TRUE(with("opslimit", 16));
  EXPECT_FALSE(with("opslimit", 17));
  EXPECT_FALSE(with("opslimit", 0));
  EXPECT_TRUE(with("memlimit", 1U << 30U));
  EXPECT_FALSE(with("memlimit", (1U << 30U) + 1));
  EXPECT_FALSE(with("memlimit", 8191));
  EXPECT_FALSE(with("memlimit", ~0ULL));
  json::object changed = object();
  changed["kdf"].as_object()["alg"] = "argon2i13";
  EXPECT_EQ(code_of(changed), Code::bundle_unsupported);
}

}  // namespace
}  // namespace kronborg::identity
