// usage: bench_sqlite_revokes FILE COUNT
// The plain way to revoke durably: one row, one commit, each of them synced, one after the other
// (WAL, synchronous FULL). Prints `SECONDS P50_US P99_US` of COUNT revocations.
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void must(sqlite3* store, bool fine) {
  if (fine) return;
  std::fprintf(stderr, "bench_sqlite_revokes: %s\n", sqlite3_errmsg(store));
  std::exit(1);
}

void run(const char* file, int count) {
  sqlite3* store = nullptr;
  must(store, sqlite3_open(file, &store) == SQLITE_OK);
  const char* setup =
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
      "CREATE TABLE IF NOT EXISTS revocations("
      "issuer TEXT, nonce TEXT, at INTEGER, PRIMARY KEY(issuer, nonce)) WITHOUT ROWID;";
  must(store, sqlite3_exec(store, setup, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_stmt* insert = nullptr;
  must(store, sqlite3_prepare_v2(store,
                                 "INSERT INTO revocations VALUES("
                                 "'0x70997970c51812dc3a010c7d01b50e0d17dc79c8',"
                                 "lower(hex(randomblob(16))), ?1)",
                                 -1, &insert, nullptr) == SQLITE_OK);
  std::vector<double> micros;
  micros.reserve(static_cast<std::size_t>(count));
  const auto begin = Clock::now();
  for (int i = 0; i < count; ++i) {
    const auto before = Clock::now();
    sqlite3_bind_int(insert, 1, i);
    must(store, sqlite3_step(insert) == SQLITE_DONE);
    sqlite3_reset(insert);
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  sqlite3_finalize(insert);
  sqlite3_close(store);
  std::ranges::sort(micros);
  std::printf("%.6f %.1f %.1f\n", seconds, micros[micros.size() / 2],
              micros[micros.size() * 99 / 100]);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3 || std::atoi(arguments[2]) < 1) {
    std::fputs("usage: bench_sqlite_revokes FILE COUNT\n", stderr);
    return 2;
  }
  run(arguments[1], std::atoi(arguments[2]));
}
