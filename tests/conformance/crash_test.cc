#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "conformance/crash_writer.h"
#include "conformance/stores.h"

extern char** environ;

namespace kronborg::conformance {

int write_for_ever(const std::string& store) {
  auto database = sql::open(options_of(store));
  if (!database) {
    const auto why = text_of(database) + "\n";
    return ::write(STDERR_FILENO, why.data(), why.size()) > 0 ? 1 : 2;
  }
  const auto work = [&] {
    while (true) {
      std::int64_t mine = 0;
      const auto outcome =
          (*database)->write([&](sql::Transaction& transaction) -> base::Result<void> {
            TRY(const auto next, transaction("UPDATE counter SET n = n + 1 RETURNING n"));
            mine = next.rows.at(0).integer(0);
            TRY_VOID(transaction("INSERT INTO one (n) VALUES ($1)", mine));
            TRY_VOID(transaction("INSERT INTO two (n) VALUES ($1)", mine));
            return {};
          });
      if (!outcome) return;
      const auto line = std::to_string(mine) + "\n";
      if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  return 1;
}

namespace {

/// Starts this program as a writer, kills it (SIGKILL) after `bytes` of its output, and returns
/// every number it said.
std::set<std::int64_t> killed_after(const std::string& store, std::size_t bytes) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string program = "/proc/self/exe";
  std::string verb = "--write";
  std::string word = store;
  char* arguments[] = {program.data(), verb.data(), word.data(), nullptr};
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) throw std::runtime_error("posix_spawn failed");
  std::string said;
  char buffer[4096];
  bool alive = true;
  while (true) {
    const auto count = ::read(ends[0], buffer, sizeof buffer);
    if (count <= 0) break;
    said.append(buffer, static_cast<std::size_t>(count));
    if (alive && said.size() >= bytes) {
      ::kill(child, SIGKILL);
      alive = false;
    }
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
  std::set<std::int64_t> numbers;
  const char* at = said.data();
  const char* end = at + said.size();
  while (at < end) {
    std::int64_t each = 0;
    const auto parsed = std::from_chars(at, end, each);
    if (parsed.ec != std::errc{} || parsed.ptr == end) break;
    numbers.insert(each);
    at = parsed.ptr + 1;
  }
  return numbers;
}

class Crash : public Store {};

KRONBORG_EVERY_STORE(Crash);

TEST_P(Crash, WhatWasAcknowledgedIsThereAndNothingIsHalfDone) {
  ASSERT_OK(write(database(), "CREATE TABLE counter (n BIGINT NOT NULL)"));
  ASSERT_OK(write(database(), "INSERT INTO counter (n) VALUES (0)"));
  ASSERT_OK(write(database(), "CREATE TABLE one (n BIGINT PRIMARY KEY)"));
  ASSERT_OK(write(database(), "CREATE TABLE two (n BIGINT PRIMARY KEY)"));
  std::mt19937 random(20260);
  std::set<std::int64_t> acknowledged;
  for (int round = 0; round < 12; ++round) {
    close();
    acknowledged.merge(killed_after(word_of(options()), 1 + random() % 3000));
    open();
    const auto count = number(database(), "SELECT n FROM counter");
    EXPECT_EQ(count, number(database(), "SELECT count(*) FROM one"));
    EXPECT_EQ(count, number(database(), "SELECT coalesce(max(n), 0) FROM one"));
    EXPECT_EQ(count, number(database(), "SELECT count(*) FROM one JOIN two ON one.n = two.n"));
    EXPECT_EQ(count, number(database(), "SELECT count(*) FROM two"));
    ASSERT_FALSE(acknowledged.empty());
    // No number is missing below the count, so that every acknowledged one up to it is there.
    EXPECT_LE(*acknowledged.rbegin(), count);
  }
  EXPECT_EQ(std::vector<std::string>{}, *database().check());
}

}  // namespace
}  // namespace kronborg::conformance
