#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "authority/devices.h"
#include "authority/fixture_test.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "crypto/p256.h"
#include "support/postgres.h"

namespace kronborg::authority {

inline base::Bytes to_bytes(base::BytesView bytes) { return {bytes.begin(), bytes.end()}; }

/// `new`, `known`, `activate`, or the code of the error.
inline std::string outcome(const base::Result<Registration>& registered) {
  if (!registered) return std::string(base::facts(registered.error().code).name);
  const auto* device = std::get_if<RegisteredDevice>(&*registered);
  if (device == nullptr) return "activate";
  return device->is_new ? "new" : "known";
}

/// An authority with devices, on a store of the kind that the parameter names.
class DevicesTest : public testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    std::filesystem::copy(folder_with_identity(), folder_.path(),
                          std::filesystem::copy_options::recursive);
    if (GetParam() != "SQLite") {
      static support::PostgresServer server;
      url_ = server.new_database();
    }
    open();
    if (!url_.empty()) adopt_keystore();
    ASSERT_EQ(code_of(place->key_holder().unlock({})), "ok");
    ASSERT_EQ(code_of(load_policy(place->parts())), "ok");
  }
  /// Makes the store that of the keystore in the folder: to make one costs a second of Argon2.
  void adopt_keystore() {
    const auto keystore = place->key_holder().keystore().value();
    ASSERT_TRUE(place->database().write([&](sql::Transaction& run) -> base::Result<void> {
      TRY_VOID(
          run("INSERT INTO identity (one, master, device_id, keystore, created_at_ms) "
              "VALUES (1, $1, $2, 'file', 0)",
              keystore.master.lower(), keystore.device_id));
      return {};
    }));
  }
  void open() {
    place.reset();
    place = std::make_unique<Place>(folder_.path(), clock, url_);
  }
  void restart() {
    open();
    ASSERT_EQ(code_of(load_policy(place->parts())), "ok");
  }

  Devices devices() { return {place->parts(), rules}; }
  base::Bytes challenge() { return to_bytes(devices().challenge().value()); }
  /// Makes a challenge of the test's own choice an open one.
  base::Bytes open_challenge(const base::Bytes& bytes) {
    EXPECT_TRUE(place->database().write([&](sql::Transaction& run) -> base::Result<void> {
      TRY_VOID(run("INSERT INTO device_challenges (hash, expires_at_ms) VALUES ($1, $2)",
                   base::hex(crypto::sha256(bytes)), clock.now_ms() + 1));
      return {};
    }));
    return bytes;
  }
  base::Result<Registration> enroll(NewDevice device) {
    return devices().register_device(owner(), device);
  }

  NewDevice software(const base::Secret<32>& key, base::Bytes bytes,
                     std::optional<std::string> name = {}) {
    const auto point = crypto::p256_public_key(key).value();
    const auto proof = crypto::p256_sign(key, crypto::sha256(bytes)).value();
    return {.challenge = std::move(bytes),
            .name = std::move(name),
            .issuer = {},
            .evidence = SoftwareEvidence{to_bytes(point), to_bytes(proof)}};
  }
  NewDevice unattested(std::string id) {
    return {.challenge = challenge(),
            .name = {},
            .issuer = {},
            .evidence = UnattestedEvidence{std::move(id)}};
  }
  std::string host() { return Identity(place->parts()).facts().value()->device_id; }
  /// All but the device of this host.
  std::vector<DeviceRecord> listed() {
    auto all = devices().list({})->items;
    std::erase_if(all, [&](const auto& one) { return one.id == host(); });
    return all;
  }
  /// Of the audit, without those about the device of this host.
  std::int64_t rows(std::string_view type) {
    Audit audit(place->parts());
    const auto found =
        audit.list({.type = std::string(type), .since_ms = {}}, {.after = 0, .limit = 500});
    return std::ranges::count_if(found->items,
                                 [&](const auto& row) { return row.subject != host(); });
  }
  const DeviceFacts* known(std::string_view id) {
    policy_ = place->board().current();
    const auto found = policy_->devices.find(identity::DeviceId::parse(id).value());
    return found == policy_->devices.end() ? nullptr : found->second.get();
  }

  SetClock clock;
  std::unique_ptr<Place> place;
  DeviceRules rules;
  base::SystemRandom random;

 private:
  TemporaryFolder folder_;
  std::string url_;
  std::shared_ptr<const Policy> policy_;
};

#define KRONBORG_DEVICES_ON_EVERY_STORE(suite)                                    \
  INSTANTIATE_TEST_SUITE_P(Every, suite, testing::Values("SQLite", "PostgreSQL"), \
                           [](const auto& store) { return std::string(store.param); })

}  // namespace kronborg::authority
