#include "identity/signature_text.h"

#include <gtest/gtest.h>

#include <string>

namespace kronborg::identity {
namespace {

// A row of `connector_proofs` in testdata/vectors/pairing.json.
constexpr std::string_view nonce =
    "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
constexpr std::string_view digits =
    "52cbfc63db79afb4e88d88e2ee1b18fd1a3d224c341edd725d907ac2f43cafe65f4c86bf86334e8a593a2a2a612d82"
    "cf1a4f5579657021cef4206646a028519e1b";

TEST(SignatureText, IsReadInEitherCaseWithOrWithout0x) {
  std::string upper(digits);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  for (const std::string& text :
       {std::string(digits), "0x" + std::string(digits), upper, "0X" + upper}) {
    const auto signer = signer_of(Prefix::pairing, nonce, text);
    ASSERT_TRUE(signer) << text;
    EXPECT_EQ(signer->text(), "0xe7DDE03d0C5f5DC9aD55280973e1E156eFcb2900");
    EXPECT_EQ(signature_text(*read_signature(text)), "0x" + std::string(digits));
  }
}

TEST(SignatureText, AnythingElseVerifiesAsNobody) {
  const std::string whole(digits);
  for (const std::string& text :
       {std::string(), std::string("0x"), "0x0x" + whole, whole + "00", whole.substr(2),
        whole.substr(1), whole + "\n", " " + whole, "g" + whole.substr(1)}) {
    EXPECT_FALSE(read_signature(text)) << text;
    EXPECT_FALSE(signer_of(Prefix::pairing, nonce, text)) << text;
  }
}

}  // namespace
}  // namespace kronborg::identity
