#include "authority/host_device.h"

#include <gtest/gtest.h>

#include "authority/devices_fixture_test.h"
#include "authority/hot_devices.h"
#include "authority/replay.h"
#include "authority/token_verifier.h"

namespace kronborg::authority {
namespace {

class HostDeviceTest : public DevicesTest {
 protected:
  void SetUp() override {
    DevicesTest::SetUp();
    ASSERT_TRUE(host_device().record(owner()));  // on a store that did not see the set-up
  }
  HostDevice host_device() { return HostDevice(place->parts()); }
  static RequestToSign request() {
    return {.method = "GET",
            .path = "/v1/models",
            .audience = "kronborg.example",
            .agent_id = {},
            .device_id = {}};
  }
  /// What the gate says of a token; a new verifier is a new process.
  std::string judged(const SignedRequest& made) {
    const TokenRules allowed{.hosts = {"kronborg.example"}, .allow_unattested = false};
    Replay replay(place->parts().database, early_);
    EXPECT_TRUE(replay.load());
    HotDevices hot(place->board());
    TokenVerifier verifier(place->board(), clock, allowed, replay, hot);
    auto decision =
        verifier.verify({.bearer = made.token.reveal(), .method = "GET", .path = "/v1/models"});
    if (auto* pending = std::get_if<PendingCaller>(&decision)) {
      auto decided = std::move(*pending).decide(replay).value();
      if (const auto* denied = std::get_if<Denied>(&decided)) {
        return std::string(base::facts(denied->code).name);
      }
      return "accepted";
    }
    const auto* denied = std::get_if<Denied>(&decision);
    return denied == nullptr ? "accepted" : std::string(base::facts(denied->code).name);
  }

 private:
  class Early final : public base::Clock {
   public:
    [[nodiscard]] std::int64_t now_ms() const override { return test_time_ms - 100'000; }
  };
  Early early_;
};

TEST_P(HostDeviceTest, SetUpListsItOnce) {
  const auto facts = Identity(place->parts()).facts().value();
  const auto list = devices().list({})->items;
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].id, facts->device_id);
  EXPECT_EQ(list[0].issuer, facts->master);
  EXPECT_EQ(list[0].kind, identity::DeviceKind::software);
  EXPECT_EQ(list[0].attestation.format, "software");
  EXPECT_FALSE(list[0].attestation.verified);
  ASSERT_TRUE(list[0].public_key);
  EXPECT_EQ(identity::device_id_of(*list[0].public_key), facts->device_id);
  ASSERT_TRUE(host_device().record(owner()));
  EXPECT_EQ(devices().list({})->items.size(), 1U);
}

TEST_P(HostDeviceTest, AStoreWithoutItGetsItOnceTheKeyIsThere) {
  ASSERT_TRUE(place->database().write([](sql::Transaction& run) -> base::Result<void> {
    TRY_VOID(run("DELETE FROM devices"));
    return {};
  }));
  restart();
  ASSERT_TRUE(place->key_holder().lock());
  ASSERT_TRUE(host_device().record(owner()));
  EXPECT_TRUE(devices().list({})->items.empty()) << "its key is locked away";
  ASSERT_TRUE(Identity(place->parts()).unlock(owner(), base::SecretText()));
  EXPECT_EQ(devices().list({})->items.size(), 1U);
  EXPECT_NE(known(host()), nullptr);
}

TEST_P(HostDeviceTest, ItsTokensAreAcceptedByTheGate) {
  auto made = host_device().sign(request());
  ASSERT_EQ(code_of(made), "ok");
  EXPECT_EQ(made->issuer, place->board().current()->master);
  EXPECT_EQ(made->device_id, host());
  EXPECT_EQ(made->expires_at, test_time_ms / 1000 + 60);
  EXPECT_EQ(judged(*made), "accepted");
  auto other = request();
  other.audience = "elsewhere.example";
  EXPECT_EQ(judged(*host_device().sign(other)), "request_token_audience");
  ASSERT_TRUE(devices().revoke(owner(), host()));
  EXPECT_EQ(judged(*host_device().sign(request())), "device_revoked");
}

TEST_P(HostDeviceTest, AgentsSignWithParentAndIndex) {
  Agents agents(place->parts());
  ASSERT_EQ(code_of(agents.create(owner(), {.name = "A", .description = {}, .upstream = {}})),
            "ok");
  const auto second = agents.create(owner(), {.name = "B", .description = {}, .upstream = {}});
  ASSERT_EQ(code_of(second), "ok");
  auto asked = request();
  asked.agent_id = second->id;
  auto made = host_device().sign(asked);
  ASSERT_EQ(code_of(made), "ok");
  EXPECT_EQ(made->issuer, second->address);
  EXPECT_EQ(judged(*made), "accepted");
  asked.agent_id = "33333333-3333-4333-8333-333333333333";
  EXPECT_EQ(code_of(host_device().sign(asked)), "agent_not_found");
}

TEST_P(HostDeviceTest, CountersRiseAlsoWhenTheClockStepsBack) {
  const auto first = host_device().sign(request())->counter;
  EXPECT_EQ(first, static_cast<std::uint64_t>(test_time_ms));
  clock.step(-60'000);
  EXPECT_EQ(host_device().sign(request())->counter, first + 1);
  restart();
  ASSERT_TRUE(place->key_holder().unlock({}));
  EXPECT_EQ(host_device().sign(request())->counter, first + 2);
  clock.step(120'000);
  EXPECT_EQ(host_device().sign(request())->counter,
            static_cast<std::uint64_t>(test_time_ms + 60'000));
}

TEST_P(HostDeviceTest, RefusalsHaveTheirCodes) {
  auto asked = request();
  asked.device_id = "00000000";
  EXPECT_EQ(code_of(host_device().sign(asked)), "device_not_found");
  asked.device_id = "../../x";
  EXPECT_EQ(code_of(host_device().sign(asked)), "device_not_found");
  ASSERT_TRUE(place->key_holder().lock());
  EXPECT_EQ(code_of(host_device().sign(request())), "identity_locked");
}

TEST_P(HostDeviceTest, ItsEvidenceRegistersItElsewhere) {
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  const auto proof = host_device().prove(std::nullopt, bytes);
  ASSERT_EQ(code_of(proof), "ok");
  const auto& software = std::get<keyholder::SoftwareDeviceEvidence>(*proof);
  const auto key = crypto::P256Verifier::of(software.public_key);
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->verifies(crypto::sha256(bytes), software.proof));
  EXPECT_EQ(identity::device_id_of(key->key()), host());
}

KRONBORG_DEVICES_ON_EVERY_STORE(HostDeviceTest);

}  // namespace
}  // namespace kronborg::authority
