#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "spaces/act.h"
#include "spaces/directory.h"
#include "spaces/feed.h"
#include "spaces/keys.h"
#include "spaces/parts.h"
#include "spaces/space.h"
#include "sql/open.h"
#include "support/temporary_folder.h"

namespace kronborg::spaces {

inline constexpr std::int64_t test_time_ms = 1'793'610'000'000;  // 2026-11-02T09:00:00.000Z

class SetClock final : public base::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }
  void set(std::int64_t now_ms) { now_ms_ = now_ms; }
  void step(std::int64_t ms) { now_ms_ += ms; }

 private:
  std::atomic<std::int64_t> now_ms_{test_time_ms};
};

/// The same bytes in every run: SHA-256 over a counter.
class CountedRandom final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::mutex mutex_;
  std::uint64_t drawn_ = 0;
};

/// Keeps what it is told.
class Ears final : public Listener {
 public:
  struct Heard {
    std::int64_t space = 0;
    SharedNotice notice;
  };
  void heard(std::int64_t space, const SharedNotice& notice) override;
  /// All since the last call.
  std::vector<Heard> take();
  /// The same as `event data` lines.
  std::vector<std::string> take_texts();

 private:
  std::mutex mutex_;
  std::vector<Heard> heard_;
};

/// `ok` or the code of the error.
template <class R>
std::string code_of(const R& result) {
  return result ? "ok" : std::string(base::facts(result.error().code).name);
}

/// A holder with its key.
struct Member {
  std::int64_t space = 0;
  std::string space_id, id;  ///< participant
  std::string key_id, key;   ///< 64 digits
  credential::SpaceKeyHash hash{};
};

/// A store on disk with the tables of spaces, and everything that Parts holds.
class Place {
 public:
  /// `url`: of a store that is not SQLite.
  Place(const std::filesystem::path& folder, const base::Clock& clock, base::Random& random,
        const std::string& url = {});

  [[nodiscard]] const Parts& parts() const { return *parts_; }
  Parts& parts() { return *parts_; }

 private:
  Time time_;
  Directory directory_;
  Feed feed_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<Parts> parts_;
};

/// On SQLite; with KRONBORG_TEST_STORE=postgresql in the environment, on a real PostgreSQL.
class SpacesTest : public testing::Test {
 protected:
  void SetUp() override;
  /// As after a stop and a start of the process.
  void start();

  [[nodiscard]] const Parts& parts() const { return place->parts(); }

  /// As the pipeline does it: one write transaction; what the work returns.
  template <class F>
  auto write(F&& work, Act::Origin origin = {}) -> std::invoke_result_t<F&, Act&> {
    return perform(true, work, std::move(origin));
  }
  template <class F>
  auto read(F&& work, Act::Origin origin = {}) -> std::invoke_result_t<F&, Act&> {
    return perform(false, work, std::move(origin));
  }

  /// A space with its owner, who has not used the key yet.
  Member open(const NewSpace& wanted = {.name = "Test",
                                        .description = "",
                                        .agenda = {},
                                        .ttl_s = {},
                                        .owner_role = {},
                                        .requires_approval = {},
                                        .owner_key_expires_in_s = {}});
  /// A further active participant, put into the tables as a join leaves it, with a key.
  Member add(const Member& owner, std::string_view name, KeyType type = KeyType::participant,
             std::optional<std::int64_t> key_expires_in_s = {});
  /// One that waits for approval until `ends_at_ms`; without a key.
  std::string add_pending(const Member& owner, std::string_view name, std::int64_t ends_at_ms);

  /// What a live key is good for; fails the test when it is not alive.
  Caller caller(const Member& member);
  /// `alive`, `key_unknown`, or `code/reason` of a dead one.
  std::string state(const Member& member);
  std::string state(const credential::SpaceKeyHash& hash);
  /// The origin of what this member asks for.
  static Act::Origin by(const Member& member);

  /// Audit of the space as `event subject key detail`, `-` for what is absent.
  std::vector<std::string> audit(std::int64_t space);
  std::vector<std::string> audit_events(std::int64_t space);
  /// First column of the first row; nothing when there is none or it is null.
  std::optional<std::int64_t> number(sql::Text sql);

  SetClock clock;
  CountedRandom random;
  std::unique_ptr<Place> place;
  Ears ears;

 private:
  template <class F>
  auto perform(bool writes, F& work, Act::Origin origin) -> std::invoke_result_t<F&, Act&> {
    using Returned = std::invoke_result_t<F&, Act&>;
    std::optional<Returned> returned;
    const sql::Work whole = [&](sql::Transaction& transaction) -> base::Result<void> {
      Act act(parts(), transaction, parts().time.now_ms(), origin);
      returned.emplace(work(act));
      if (*returned || act.keep) return {};
      return returned->error();
    };
    auto& database = parts().database;
    const auto outcome = writes ? database.write(whole) : database.read(whole);
    if (!outcome && (!returned || *returned)) return Returned(outcome.error());
    return std::move(*returned);
  }

  support::TemporaryFolder folder_;
  std::string url_;
};

}  // namespace kronborg::spaces
