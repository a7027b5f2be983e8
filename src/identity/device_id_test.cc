#include "identity/device_id.h"

#include <gtest/gtest.h>

namespace kronborg::identity {
namespace {

TEST(DeviceId, IsEightLowerCaseDigits) {
  EXPECT_EQ(DeviceId::parse("0019abcf").value().text(), "0019abcf");
  for (const char* text :
       {"", "0019abc", "0019abcf0", "0019ABCF", "0x19abcf", "0019abcg", " 019abcf"}) {
    EXPECT_FALSE(DeviceId::parse(text)) << text;
  }
}

TEST(DeviceId, ComparesByItsBytes) {
  const auto one = DeviceId::parse("00000001").value();
  EXPECT_EQ(one, DeviceId::parse("00000001"));
  EXPECT_NE(one, DeviceId::parse("01000000"));
  EXPECT_LT(one, DeviceId::parse("01000000").value());
  EXPECT_NE(DeviceId::Hash{}(one), DeviceId::Hash{}(DeviceId::parse("00000002").value()));
}

TEST(DeviceKind, HasTheNamesOfTheContract) {
  for (const char* name : {"apple-attest", "tpm2", "software"}) {
    const auto kind = device_kind_named(name);
    ASSERT_TRUE(kind) << name;
    EXPECT_EQ(device_kind_name(*kind), name);
  }
  EXPECT_FALSE(device_kind_named("Software"));
  EXPECT_FALSE(device_kind_named(""));
}

}  // namespace
}  // namespace kronborg::identity
