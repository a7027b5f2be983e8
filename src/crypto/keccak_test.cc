#include "crypto/keccak.h"

#include <gtest/gtest.h>

#include <string>

#include "base/encoding.h"

namespace kronborg::crypto {
namespace {

std::string keccak_hex(std::string_view text) { return base::hex(keccak256(base::bytes_of(text))); }

// Ethereum's well-known values; testdata/vectors/keccak.json has the longer ones.
TEST(Keccak, KnownAnswers) {
  EXPECT_EQ(keccak_hex(""), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  EXPECT_EQ(keccak_hex("abc"), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
  EXPECT_EQ(keccak_hex("transfer(address,uint256)").substr(0, 8), "a9059cbb");
}

TEST(Keccak, PartsAreJoined) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  const Digest whole = keccak256(base::bytes_of(text));
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string_view view = text;
    const Digest joined =
        keccak256({base::bytes_of(view.substr(0, cut)), {}, base::bytes_of(view.substr(cut))});
    ASSERT_EQ(joined, whole) << cut;
  }
}

}  // namespace
}  // namespace kronborg::crypto
