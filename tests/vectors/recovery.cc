#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "identity/recovery_bundle.h"
#include "identity/recovery_code.h"
#include "identity/sealed_file.h"
#include "vectors/rows.h"
#include "vectors/topics.h"

namespace kronborg::vectors {
namespace {

using base::Code;
using identity::SealedFile;

/// Keys by password and salt: each costs a good part of a second.
class Keys {
 public:
  const base::Secret<32>& of(const SealedFile& file, std::string_view password) {
    auto& key = known_[std::string(password) + " " + base::hex(file.header.salt)];
    if (!key) key = identity::key_of_password(file.header, password).value();
    return *key;
  }

 private:
  std::map<std::string, std::optional<base::Secret<32>>> known_;
};

/// Gives out the nonce that the file was written with.
class SameNonce final : public base::Random {
 public:
  explicit SameNonce(const SealedFile& file) : file_(file) {}
  void fill(std::span<std::uint8_t> out) override { std::ranges::copy(file_.nonce, out.begin()); }

 private:
  const SealedFile& file_;
};

void check_opens(const json::object& row, std::string_view format, std::string_view password,
                 Keys& keys) {
  const auto file = identity::read_sealed(base::to_text(row.at("file")), format);
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_EQ(file->associated, text_of(row, "aad"));
  const base::Secret<32>& key = keys.of(*file, password);
  EXPECT_EQ(base::hex(key.reveal()), text_of(row, "key_hex"));
  const auto plain = identity::open_with_key(*file, key, Code::recovery_code_wrong);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->reveal(), text_of(row, "plaintext"));
  const auto contents = base::parse_json(plain->reveal());
  ASSERT_TRUE(contents);
  EXPECT_EQ(base::canonical_json(*contents), plain->reveal());
  // Written again with the same nonce, it is the same file.
  SameNonce random(*file);
  const auto again = base::parse_json(identity::seal(file->header, key, plain->reveal(), random));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, row.at("file"));
}

/// Read whole, with every address derived anew, and written again.
void check_content(const json::object& row) {
  const auto bundle = identity::open_bundle(base::to_text(row.at("file")), text_of(row, "code"));
  ASSERT_TRUE(bundle) << bundle.error().text();
  auto content = base::parse_json(text_of(row, "plaintext")).value().as_object();
  EXPECT_EQ(base::hex(bundle->master.reveal()), text_of(content, "master"));
  content.erase("v");
  content.erase("master");
  EXPECT_EQ(identity::bundle_content_text(bundle->content), base::canonical_json(content));
}

std::string password_of(const json::object& row) {
  const auto password = identity::password_of_code(text_of(row, "code"));
  EXPECT_TRUE(password);
  return password ? std::string(password->reveal()) : std::string();
}

}  // namespace

void check_recovery(const json::object& file) {
  for_each_row(file, "codes", [](const json::object& row) {
    const auto password = identity::password_of_code(text_of(row, "input"));
    if (row.at("code").is_null()) {
      ASSERT_FALSE(password);
      EXPECT_EQ(password.error().code, Code::recovery_code_format);
    } else {
      ASSERT_TRUE(password);
      EXPECT_EQ(password->reveal(), text_of(row, "code"));
    }
  });
  Keys keys;
  for_each_row(file, "bundles", [&](const json::object& row) {
    check_opens(row, identity::bundle_format, password_of(row), keys);
    check_content(row);
  });
  for_each_row(file, "must_not_open", [&](const json::object& row) {
    const auto bundle =
        identity::read_sealed(base::to_text(row.at("file")), identity::bundle_format);
    ASSERT_TRUE(bundle) << bundle.error().text();
    const auto plain = identity::open_with_key(*bundle, keys.of(*bundle, password_of(row)),
                                               Code::recovery_code_wrong);
    ASSERT_FALSE(plain);
    EXPECT_EQ(plain.error().code, Code::recovery_code_wrong);
  });
  for_each_row(file, "keystores", [&](const json::object& row) {
    check_opens(row, identity::keystore_format, text_of(row, "passphrase"), keys);
  });
}

}  // namespace kronborg::vectors
