#include "spaces/fixture_test.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "spaces/participant.h"
#include "spaces/store_schema.h"
#include "sql/migrations.h"
#include "support/postgres.h"

namespace kronborg::spaces {

namespace {

/// The versions below those of this folder, which needs none of their tables.
constexpr auto first_tables = std::to_array<sql::Text>({"CREATE TABLE first_of_all (one BIGINT)"});
constexpr auto second_tables =
    std::to_array<sql::Text>({"CREATE TABLE second_of_all (two BIGINT)"});

std::vector<sql::Migration> all_migrations() {
  std::vector<sql::Migration> all{{.version = 1, .statements = first_tables},
                                  {.version = 2, .statements = second_tables}};
  const auto own = migrations();
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

}  // namespace

void CountedRandom::fill(std::span<std::uint8_t> out) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t done = 0; done < out.size();) {
    const auto block = crypto::sha256(base::bytes_of("counted " + std::to_string(++drawn_)));
    const std::size_t part = std::min(block.size(), out.size() - done);
    std::copy_n(block.begin(), part, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += part;
  }
}

void Ears::heard(std::int64_t space, const SharedNotice& notice) {
  const std::scoped_lock lock(mutex_);
  heard_.push_back({space, notice});
}

std::vector<Ears::Heard> Ears::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(heard_, {});
}

std::vector<std::string> Ears::take_texts() {
  std::vector<std::string> texts;
  for (const Heard& one : take()) {
    texts.push_back(std::string(name_of(one.notice->kind)) + " " + one.notice->data);
  }
  return texts;
}

Place::Place(const std::filesystem::path& folder, const base::Clock& clock, base::Random& random,
             const std::string& url)
    : time_(clock) {
  database_ = sql::open({.sqlite_file = folder / "store.db", .url = url, .readers = 2}).value();
  EXPECT_EQ(code_of(sql::migrate(*database_, all_migrations())), "ok");
  parts_.reset(new Parts{.database = *database_,
                         .time = time_,
                         .random = random,
                         .directory = directory_,
                         .feed = feed_,
                         .origin = "https://kronborg.example",
                         .service_name = "kronborg spaces"});
}

void SpacesTest::SetUp() {
  const char* const store = std::getenv("KRONBORG_TEST_STORE");
  if (store != nullptr && std::string_view(store) == "postgresql") {
    static support::PostgresServer server;
    url_ = server.new_database();
  }
  start();
}

void SpacesTest::start() {
  place.reset();
  place = std::make_unique<Place>(folder_.path(), clock, random, url_);
}

Member SpacesTest::open(const NewSpace& wanted) {
  Member owner;
  const auto created = write([&](Act& act) -> base::Result<void> {
    TRY(const auto made, create_space(act, wanted));
    owner = {.space = made.space.number,
             .space_id = made.space.id,
             .id = made.owner_id,
             .key_id = made.key_id,
             .key = std::string(made.key.text().reveal()),
             .hash = made.key.hash()};
    return {};
  });
  EXPECT_EQ(code_of(created), "ok");
  parts().feed.subscribe(owner.space, ears);
  return owner;
}

Member SpacesTest::add(const Member& owner, std::string_view name, KeyType type,
                       std::optional<std::int64_t> key_expires_in_s) {
  Member member;
  member.space = owner.space;
  member.space_id = owner.space_id;
  const auto added = write([&](Act& act) -> base::Result<void> {
    Participant participant;
    participant.id = member.id = act.new_id();
    participant.space = member.space;
    participant.name = name;
    participant.key_type = type;
    participant.status = "active";
    participant.joined_at_ms = act.now_ms;
    TRY_VOID(insert_participant(act, participant));
    TRY(const auto minted, mint_key(act, member.space, type, member.id, key_expires_in_s));
    member.key_id = minted.key_id;
    member.key = std::string(minted.key.text().reveal());
    member.hash = minted.key.hash();
    return {};
  });
  EXPECT_EQ(code_of(added), "ok");
  return member;
}

std::string SpacesTest::add_pending(const Member& owner, std::string_view name,
                                    std::int64_t ends_at_ms) {
  std::string id;
  const auto added = write([&](Act& act) -> base::Result<void> {
    Participant participant;
    participant.id = id = act.new_id();
    participant.space = owner.space;
    participant.name = name;
    participant.status = "pending";
    participant.requested_at_ms = act.now_ms;
    participant.request_ends_at_ms = ends_at_ms;
    return insert_participant(act, participant);
  });
  EXPECT_EQ(code_of(added), "ok");
  return id;
}

Caller SpacesTest::caller(const Member& member) {
  const auto found = parts().directory.find(parts(), member.hash).value();
  const auto* alive = std::get_if<Caller>(&found);
  if (alive == nullptr) throw std::logic_error("the key of " + member.id + " is not alive");
  return *alive;
}

std::string SpacesTest::state(const Member& member) { return state(member.hash); }

std::string SpacesTest::state(const credential::SpaceKeyHash& hash) {
  // As the pipeline: memory first, and the store for what memory does not know.
  if (parts().directory.known(hash, parts().time.now_ms())) return "alive";
  const auto found = parts().directory.find(parts(), hash).value();
  if (const auto* dead = std::get_if<DeadKey>(&found)) {
    return std::string(dead->code) + "/" + std::string(dead->reason);
  }
  return std::holds_alternative<Caller>(found) ? "alive" : "key_unknown";
}

Act::Origin SpacesTest::by(const Member& member) {
  return {.kind = ActorKind::participant,
          .participant_id = member.id,
          .key_id = member.key_id,
          .source_address = "198.51.100.7",
          .request_id = "test"};
}

std::vector<std::string> SpacesTest::audit(std::int64_t space) {
  std::vector<std::string> lines;
  const auto listed = parts().database.read([&](sql::Transaction& run) -> base::Result<void> {
    TRY(const auto answer, run("SELECT event, subject, key_id, detail FROM space_audit "
                               "WHERE space = $1 ORDER BY seq",
                               space));
    for (const sql::Row& row : answer.rows) {
      std::string line = row.text(0);
      for (std::size_t column = 1; column < 4; ++column) {
        line += " " + row.maybe_text(column).value_or("-");
      }
      lines.push_back(std::move(line));
    }
    return {};
  });
  EXPECT_EQ(code_of(listed), "ok");
  return lines;
}

std::vector<std::string> SpacesTest::audit_events(std::int64_t space) {
  std::vector<std::string> events = audit(space);
  for (std::string& line : events) line.resize(line.find(' '));
  return events;
}

std::optional<std::int64_t> SpacesTest::number(sql::Text sql) {
  std::optional<std::int64_t> first;
  const auto asked = parts().database.read([&](sql::Transaction& run) -> base::Result<void> {
    TRY(const auto answer, run(sql));
    if (!answer.rows.empty()) first = answer.rows.front().maybe_integer(0);
    return {};
  });
  EXPECT_EQ(code_of(asked), "ok");
  return first;
}

}  // namespace kronborg::spaces
