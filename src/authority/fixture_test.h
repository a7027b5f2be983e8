#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "authority/access_keys.h"
#include "authority/agents.h"
#include "authority/audit.h"
#include "authority/identity.h"
#include "authority/load.h"
#include "authority/store_test.h"
#include "authority/verify.h"
#include "authority/whitelist.h"
#include "base/random.h"
#include "sql/open.h"

namespace kronborg::authority {

inline constexpr std::int64_t test_time_ms = 1'767'225'601'000;

class SetClock final : public base::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }
  void set(std::int64_t now_ms) { now_ms_ = now_ms; }
  void step(std::int64_t ms) { now_ms_ += ms; }

 private:
  std::atomic<std::int64_t> now_ms_{test_time_ms};
};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "authority-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline Actor owner() {
  return {.actor = "owner", .source_address = "127.0.0.1", .request_id = "test"};
}

template <class R>
std::string code_of(const R& result) {
  return result ? "ok" : std::string(base::facts(result.error().code).name);
}

/// `valid` or the code of the denial.
inline std::string outcome(const Decision& decision) {
  const auto* denied = std::get_if<Denied>(&decision);
  return denied == nullptr ? "valid" : std::string(base::facts(denied->code).name);
}

/// An authority on a real store with a real key holder, in one folder.
class Place {
 public:
  /// `url`: of a store that is not SQLite.
  Place(const std::filesystem::path& folder, SetClock& clock, const std::string& url = {})
      : folder_(folder), clock_(clock) {
    database_ = sql::open({.sqlite_file = folder / "store.db", .url = url, .readers = 4}).value();
    EXPECT_EQ(code_of(sql::migrate(*database_, gapless_migrations())), "ok");
    keyholder::SpawnOptions options;
    options.data_folder = folder;
    options.executable = KRONBORG_KEY_HOLDER_CHILD;
    options.delay = [](int) {};
    key_holder_ = keyholder::KeyHolder::spawn(std::move(options)).value();
    parts_.reset(new Parts{.database = *database_,
                           .board = board_,
                           .key_holder = *key_holder_,
                           .clock = clock_,
                           .random = random_,
                           .data_folder = folder_,
                           .signals = signals_});
  }

  [[nodiscard]] const Parts& parts() const { return *parts_; }
  sql::Database& database() { return *database_; }
  keyholder::KeyHolder& key_holder() { return *key_holder_; }
  PolicyBoard& board() { return board_; }
  Signals& signals() { return signals_; }
  Verifier verifier() { return {board_, clock_}; }

  /// Runs statements as somebody with access to the file would.
  base::Result<void> tamper(sql::Text statement) {
    return database_->write([&](sql::Transaction& transaction) -> base::Result<void> {
      TRY_VOID(transaction(statement));
      return {};
    });
  }

 private:
  std::filesystem::path folder_;
  SetClock& clock_;
  base::SystemRandom random_;
  PolicyBoard board_;
  Signals signals_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<keyholder::KeyHolder> key_holder_;
  std::unique_ptr<Parts> parts_;
};

/// A folder with an identity. Making one costs a second of Argon2, so that it is made once and
/// copied.
inline const std::filesystem::path& folder_with_identity() {
  static const TemporaryFolder made;
  static const bool done = [] {
    SetClock clock;
    Place place(made.path(), clock);
    Identity identity(place.parts());
    CreateIdentity request;
    request.kind = keyholder::KeystoreKind::file;
    EXPECT_EQ(code_of(identity.create(owner(), std::move(request))), "ok");
    return true;
  }();
  EXPECT_TRUE(done);
  return made.path();
}

class AuthorityTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy(folder_with_identity(), folder_.path(),
                          std::filesystem::copy_options::recursive);
    start();
  }

  /// As after a stop and a start of the process.
  void start() {
    verifier.reset();
    keys.reset();
    place.reset();
    place = std::make_unique<Place>(folder_.path(), clock);
    ASSERT_EQ(code_of(place->key_holder().unlock({})), "ok");
    ASSERT_EQ(code_of(load_policy(place->parts())), "ok");
    keys = std::make_unique<AccessKeys>(place->parts());
    verifier = std::make_unique<Verifier>(place->board(), clock);
  }

  Minted mint(std::string label = "test", std::optional<std::string> agent_id = {},
              credential::Expiry expiry = credential::Expiry::days_90) {
    auto minted = keys->mint(owner(), {.label = std::move(label),
                                       .agent_id = std::move(agent_id),
                                       .expiry = expiry,
                                       .source = "cli"});
    EXPECT_EQ(code_of(minted), "ok");
    return std::move(minted).value();
  }
  AgentRecord agent(std::string name) {
    return Agents(place->parts())
        .create(owner(), {.name = std::move(name), .description = {}, .upstream = {}})
        .value();
  }
  std::string ask(std::string_view bearer) { return outcome(verifier->verify(bearer, "10.0.0.1")); }
  std::string ask(const Minted& minted) { return ask(minted.key.reveal()); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

  SetClock clock;
  std::unique_ptr<Place> place;
  std::unique_ptr<AccessKeys> keys;
  std::unique_ptr<Verifier> verifier;

 private:
  TemporaryFolder folder_;
};

}  // namespace kronborg::authority
