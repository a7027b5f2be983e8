#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.h"
#include "identity/signed_message.h"
#include "vectors/rows.h"
#include "vectors/topics.h"

namespace kronborg::vectors {
namespace {

using identity::Prefix;

std::optional<Prefix> prefix_named(std::string_view text) {
  for (const Prefix prefix :
       {Prefix::access, Prefix::message, Prefix::pairing, Prefix::pairing_server, Prefix::invite,
        Prefix::kronborg_invite, Prefix::secure_channel, Prefix::ethereum}) {
    if (identity::prefix_text(prefix) == text) return prefix;
  }
  return std::nullopt;
}

void check_signing(const json::object& row) {
  const base::Bytes payload = bytes_of(row, "payload_hex");
  const auto prefix = prefix_named(text_of(row, "prefix"));
  ASSERT_TRUE(prefix);
  EXPECT_EQ(base::hex(base::bytes_of(
                identity::envelope_preimage(identity::prefix_text(*prefix), payload))),
            text_of(row, "preimage_hex"));
  EXPECT_EQ(base::hex(identity::envelope_digest(*prefix, payload)), text_of(row, "digest_hex"));
  const auto signature = identity::sign(key_of(row, "private_key_hex"), *prefix, payload);
  EXPECT_EQ(base::hex(signature), text_of(row, "signature_hex"));
  const auto signer = identity::recover_signer(*prefix, payload, signature);
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->text(), text_of(row, "address"));
}

void check_recovering(const json::object& row) {
  const base::Bytes bytes = bytes_of(row, "signature_hex");
  const auto prefix = prefix_named(text_of(row, "prefix"));
  ASSERT_TRUE(prefix);
  std::optional<identity::Address> signer;
  if (crypto::Signature signature{}; bytes.size() == signature.size()) {
    std::ranges::copy(bytes, signature.begin());
    signer = identity::recover_signer(*prefix, bytes_of(row, "payload_hex"), signature);
  }
  const json::object& expected = row.at("expect").as_object();
  if (expected.contains("error")) {
    EXPECT_FALSE(signer);
  } else {
    ASSERT_TRUE(signer);
    EXPECT_EQ(signer->text(), text_of(expected, "address"));
  }
}

}  // namespace

void check_envelope(const json::object& file) {
  for_each_row(file, "sign", check_signing);
  for_each_row(file, "recover", check_recovering);
  for_each_row(file, "strict_hex", [](const json::object& row) {
    EXPECT_EQ(base::hex_strict(text_of(row, "input")).has_value(), row.at("strict_ok").as_bool());
  });
  const json::object& base64url = file.at("base64url").as_object();
  for_each_row(base64url, "good", [](const json::object& row) {
    EXPECT_EQ(base::base64url(bytes_of(row, "bytes_hex")), text_of(row, "text"));
    EXPECT_EQ(base::base64url_strict(text_of(row, "text")), bytes_of(row, "bytes_hex"));
  });
  ASSERT_FALSE(base64url.at("bad").as_array().empty());
  for (const auto& text : base64url.at("bad").as_array()) {
    EXPECT_FALSE(base::base64url_strict(text.as_string())) << text;
  }
}

}  // namespace kronborg::vectors
