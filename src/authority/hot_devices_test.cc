#include "authority/hot_devices.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/random.h"

namespace kronborg::authority {
namespace {

class HotDevicesTest : public testing::Test {
 protected:
  identity::DeviceId add(identity::DeviceKind kind = identity::DeviceKind::software) {
    const auto point = crypto::p256_public_key(crypto::new_p256_key(random_)).value();
    const DeviceFacts facts{.id = identity::DeviceId::of(point),
                            .kind = kind,
                            .issuer = {},
                            .key = crypto::P256Verifier::of(point),
                            .app_id_hash = {},
                            .name = "",
                            .revoked = false};
    put(facts);
    return facts.id;
  }
  void put(const DeviceFacts& facts) {
    board.publish([&](Policy& policy) {
      policy.devices[facts.id] = std::make_shared<const DeviceFacts>(facts);
    });
  }
  DeviceFacts facts_of(const identity::DeviceId& id) { return *board.current()->devices.at(id); }
  void use(const identity::DeviceId& id, std::uint32_t times) {
    for (std::uint32_t i = 0; i < times; ++i) hot.note(id);
  }
  bool has_table(const identity::DeviceId& id) { return hot.current()->contains(id); }

  PolicyBoard board;
  HotDevices hot{board};

 private:
  base::SystemRandom random_;
};

TEST_F(HotDevicesTest, ATableIsMadeForWhoSignsOftenOneAtATime) {
  const auto seldom = add();
  const auto often = add();
  const auto most = add();
  use(seldom, HotDevices::uses_before - 1);
  use(often, HotDevices::uses_before);
  use(most, HotDevices::uses_before + 1);
  EXPECT_EQ(hot.epoch(), 0U);
  hot.tend();
  EXPECT_EQ(hot.epoch(), 1U);
  EXPECT_TRUE(has_table(most));
  EXPECT_FALSE(has_table(often));
  EXPECT_EQ(hot.current()->at(most)->key(), facts_of(most).key->key());
  hot.tend();
  EXPECT_TRUE(has_table(often));
  hot.tend();
  EXPECT_FALSE(has_table(seldom));
  EXPECT_EQ(hot.epoch(), 2U);  // nothing was made: nobody has to fetch anew
}

TEST_F(HotDevicesTest, ATableGoesWithItsDevice) {
  const auto revoked = add();
  const auto gone = add();
  const auto stays = add();
  for (const auto& id : {revoked, gone, stays}) {
    use(id, HotDevices::uses_before);
    hot.tend();
  }
  ASSERT_EQ(hot.current()->size(), 3U);
  auto facts = facts_of(revoked);
  facts.revoked = true;
  put(facts);
  board.publish([&](Policy& policy) { policy.devices.erase(gone); });
  use(revoked, HotDevices::uses_before);
  hot.tend();
  EXPECT_EQ(hot.current()->size(), 1U);
  EXPECT_TRUE(has_table(stays));
}

TEST_F(HotDevicesTest, DevicesWithoutAKeyAndThoseOfAppleHaveNone) {
  const auto apple = add(identity::DeviceKind::apple_attest);
  const auto keyless = add();
  auto facts = facts_of(keyless);
  facts.key.reset();
  put(facts);
  for (const auto& id : {apple, keyless}) use(id, HotDevices::uses_before);
  hot.tend();
  hot.tend();
  EXPECT_TRUE(hot.current()->empty());
}

TEST_F(HotDevicesTest, TablesAreBounded) {
  std::vector<identity::DeviceId> all;
  for (std::size_t i = 0; i < HotDevices::max_tables + 2; ++i) {
    all.push_back(add());
    use(all.back(), HotDevices::uses_before);
  }
  for (std::size_t i = 0; i < all.size() + 2; ++i) hot.tend();
  EXPECT_EQ(hot.current()->size(), HotDevices::max_tables);
}

}  // namespace
}  // namespace kronborg::authority
