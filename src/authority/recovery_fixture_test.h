#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "authority/fixture_test.h"
#include "identity/recovery_code.h"
#include "identity/sealed_file.h"

namespace kronborg::authority {

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline identity::Address elsewhere() {
  return *identity::Address::parse("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
}

/// An authority with a past, on a machine that will be lost.
struct Lost {
  identity::Address master;
  std::string device_id;
  std::string bundle, code, words;
  std::vector<AgentRecord> agents;
  std::string good, good_of_agent, revoked, before_threshold, of_rotated;
  std::uint64_t last_counter = 0;
};

/// The same bundle, opened with so little work that many tests can do it.
inline std::string cheap(std::string_view text, std::string_view code) {
  const auto file = identity::read_sealed(text, identity::bundle_format).value();
  const auto password = identity::password_of_code(code).value();
  const auto opened =
      identity::open_with_password(file, password.reveal(), base::Code::recovery_code_wrong)
          .value();
  identity::SealedHeader header = file.header;
  header.cost = {.opslimit = 1, .memlimit = 8192};
  base::SystemRandom random;
  return identity::seal(header, identity::key_of_password(header, password.reveal()).value(),
                        opened.plain.reveal(), random);
}

inline Lost live_and_be_lost() {
  Lost lost;
  const TemporaryFolder folder;
  SetClock clock;
  Place place(folder.path(), clock);
  Identity identity(place.parts());
  CreateIdentity request;
  request.kind = keyholder::KeystoreKind::file;
  const auto created = identity.create(owner(), std::move(request)).value();
  lost.master = created.master;
  lost.device_id = created.device_id;
  lost.code = created.recovery_code.reveal();
  Agents agents(place.parts());
  AccessKeys keys(place.parts());
  const auto make = [&](std::string name) {
    return agents.create(owner(), {.name = std::move(name), .description = {}, .upstream = {}})
        .value();
  };
  const auto mint = [&](std::optional<std::string> agent) {
    return keys
        .mint(owner(), {.label = "key",
                        .agent_id = std::move(agent),
                        .expiry = credential::Expiry::days_90,
                        .source = "cli"})
        .value();
  };
  make("Writer");
  const AgentRecord reader = make("Reader");
  lost.of_rotated = mint(reader.id).key.reveal();
  EXPECT_EQ(code_of(agents.rotate(owner(), reader.id)), "ok");
  lost.before_threshold = mint({}).key.reveal();
  const Minted revoked = mint({});
  lost.revoked = revoked.key.reveal();
  EXPECT_EQ(code_of(keys.revoke_before(owner(), revoked.record.id, false, false)), "ok");
  EXPECT_EQ(code_of(keys.revoke(owner(), revoked.record.id, {}, false)), "ok");
  lost.good_of_agent = mint(reader.id).key.reveal();
  const Minted good = mint({});
  lost.good = good.key.reveal();
  lost.last_counter = good.record.counter;
  Whitelist whitelist(place.parts());
  EXPECT_EQ(code_of(whitelist.add(owner(), elsewhere(), {}, "friend")), "ok");
  EXPECT_EQ(code_of(whitelist.add(owner(), elsewhere(), reader.id, "")), "ok");
  EXPECT_EQ(code_of(identity.rewrite_bundle()), "ok");
  lost.bundle = cheap(content_of(folder.path() / "recovery.json"), lost.code);
  lost.words = identity.words(owner(), {}).value().reveal();
  lost.agents = agents.list({.after = 0, .limit = 100}).value().items;
  return lost;
}

inline const Lost& lost() {
  static const Lost one = live_and_be_lost();
  return one;
}

/// Another machine, some minutes later.
class RecoveryTest : public testing::Test {
 protected:
  void SetUp() override {
    static_cast<void>(lost());
    clock.step(600'000);
    start();
  }
  void start() {
    place.reset();
    place = std::make_unique<Place>(folder.path(), clock);
    loaded = code_of(load_policy(place->parts()));
    identity = std::make_unique<Identity>(place->parts());
  }
  static RecoverIdentity from_bundle() {
    RecoverIdentity request;
    request.keystore.kind = keyholder::KeystoreKind::file;
    request.bundle = lost().bundle;
    request.code = base::SecretText(lost().code);
    return request;
  }
  static RecoverIdentity from_words(identity::EarlierKeys earlier) {
    RecoverIdentity request;
    request.keystore.kind = keyholder::KeystoreKind::file;
    request.words = base::SecretText(lost().words);
    request.earlier = earlier;
    return request;
  }
  std::string recover(RecoverIdentity request) {
    auto recovered = identity->recover(owner(), std::move(request));
    if (recovered) code = recovered->recovery_code.duplicate();
    return code_of(recovered);
  }
  std::string ask(const std::string& bearer) {
    return outcome(place->verifier().verify(bearer, "10.0.0.1"));
  }
  std::vector<std::string> files() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      const auto name = entry.path().filename().string();
      if (!name.starts_with("store.db")) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }
  std::vector<AgentRecord> agents() {
    return Agents(place->parts()).list({.after = 0, .limit = 100}).value().items;
  }
  void expect_the_past() {
    EXPECT_EQ(ask(lost().good), "valid");
    EXPECT_EQ(ask(lost().good_of_agent), "valid");
    EXPECT_EQ(ask(lost().revoked), "key_revoked");
    EXPECT_EQ(ask(lost().before_threshold), "key_revoked");
    EXPECT_EQ(ask(lost().of_rotated), "audience_mismatch");
  }
  void expect_untouched() {
    EXPECT_EQ(files(), std::vector<std::string>{});
    EXPECT_FALSE(identity->facts().value());
    EXPECT_EQ(ask(lost().good), "audience_mismatch");
    EXPECT_TRUE(place->key_holder().locked());
    start();
    EXPECT_EQ(loaded, "ok");
    EXPECT_FALSE(identity->facts().value());
  }

  TemporaryFolder folder;
  SetClock clock;
  std::unique_ptr<Place> place;
  std::unique_ptr<Identity> identity;
  base::SecretText code;
  std::string loaded;
};

}  // namespace kronborg::authority
