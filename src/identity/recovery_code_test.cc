#include "identity/recovery_code.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace kronborg::identity {
namespace {

class Counting final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    std::uint8_t next = 0x01;
    for (std::uint8_t& byte : out) {
      byte = next;
      next = static_cast<std::uint8_t>(next + 0x22);
    }
  }
};

TEST(RecoveryCode, FormOfThePage) {
  Counting random;
  EXPECT_EQ(new_recovery_code(random).reveal(), "OSAURUS-0123-4567-89AB-CDEF");
}

TEST(RecoveryCode, NewCodesAreReadAndDiffer) {
  base::SystemRandom random;
  std::set<std::string> passwords;
  for (int i = 0; i < 500; ++i) {
    const auto password = password_of_code(new_recovery_code(random).reveal());
    ASSERT_TRUE(password);
    EXPECT_EQ(password->reveal().size(), 16U);
    passwords.emplace(password->reveal());
  }
  EXPECT_EQ(passwords.size(), 500U);
}

TEST(RecoveryCode, SpellingsOfOneCode) {
  for (const std::string_view text :
       {"OSAURUS-0123-4567-89AB-CDEF", "0123456789abcdef", "  osaurus_0123.4567 89ab\u3000cdef\n",
        "o-s-a-u-r-u-s-0123456789ABCDEF", "0-1-2-3-4-5-6-7-8-9-A-B-C-D-E-F----"}) {
    const auto password = password_of_code(text);
    ASSERT_TRUE(password) << text;
    EXPECT_EQ(password->reveal(), "0123456789ABCDEF");
  }
}

TEST(RecoveryCode, EverythingElseIsRefused) {
  for (const std::string_view text :
       {"", "OSAURUS", "OSAURUS-0123-4567-89AB-CDE", "OSAURUS-0123-4567-89AB-CDEF0",
        "OSAURUSOSAURUS0123456789ABCDEF", "0123456789ABCDEFOSAURUS", "KRONBORG0123456789ABCDEF",
        "OSAURUS/0123456789ABCDEF", "０123456789ABCDEF", "0123456789ABCDE\xff",
        "0123456789ABCDEø"}) {
    const auto password = password_of_code(text);
    ASSERT_FALSE(password) << text;
    EXPECT_EQ(password.error().code, base::Code::recovery_code_format);
    EXPECT_EQ(password.error().text(),
              "A recovery code has 16 hexadecimal digits: OSAURUS-XXXX-XXXX-XXXX-XXXX.");
  }
}

}  // namespace
}  // namespace kronborg::identity
