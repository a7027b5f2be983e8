// usage: bench_token_cold FOLDER TOKENS ROUNDS
// The whole decision on TOKENS different request tokens of one device, beside that on as many
// different access keys that the verifier has not seen lately. FOLDER holds an empty store
// meanwhile. Prints `NAME NANOSECONDS` per round, the mean CPU time of one: key, token, token_table
// (once the device has signed so often that there is a table for its key).
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "authority/token_verifier.h"
#include "credential/request_token.h"
#include "keys.h"
#include "sql/open.h"

namespace kronborg::bench {
namespace {

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "bench_token_cold: %s\n", what);
  std::exit(1);
}

/// Stands still, so that no token expires while it is measured.
class FixedClock final : public base::Clock {
 public:
  explicit FixedClock(std::int64_t now) : now_(now) {}
  [[nodiscard]] std::int64_t now_ms() const override { return now_ * 1000; }

 private:
  std::int64_t now_;
};

constexpr std::int64_t now = 1'767'225'630;

struct Device {
  base::Secret<32> key;
  crypto::P256PublicKey point{};
};

Device make_device(base::Random& random) {
  Device device{.key = crypto::new_p256_key(random)};
  device.point = crypto::p256_public_key(device.key).value();
  return device;
}

std::string make_token(const Issuer& issuer, const Device& device, std::uint64_t counter) {
  credential::NewRequestToken token;
  token.kind = identity::DeviceKind::software;
  token.issuer = issuer.address;
  token.device = identity::DeviceId::of(device.point);
  token.counter = counter;
  token.issued_at = now;
  token.audience = "localhost:1337";
  token.method = "GET";
  token.path = "/v1/models";
  const auto text = credential::write_request_token(
      token,
      [&](base::BytesView payload) -> base::Result<crypto::Signature> {
        return identity::sign(issuer.key, identity::Prefix::message, payload);
      },
      [&](std::span<const std::uint8_t, 32> hash) -> base::Result<base::Bytes> {
        TRY(const auto signature, crypto::p256_sign(device.key, hash));
        return base::Bytes(signature.begin(), signature.end());
      });
  return std::string(text.value().reveal());
}

double cpu_nanoseconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

struct Work {
  const char* name;
  std::function<void(std::size_t)> one;
};

/// In slices by turns, so that what else happens on the machine meets all of them.
void measure(std::span<const Work> works, std::size_t count) {
  constexpr std::size_t slice = 500;
  std::vector<double> spent(works.size(), 0);
  for (std::size_t first = 0; first < count; first += slice) {
    for (std::size_t which = 0; which < works.size(); ++which) {
      const double begin = cpu_nanoseconds();
      for (std::size_t i = first; i < std::min(first + slice, count); ++i) works[which].one(i);
      spent[which] += cpu_nanoseconds() - begin;
    }
  }
  for (std::size_t which = 0; which < works.size(); ++which) {
    std::printf("%s %.1f\n", works[which].name, spent[which] / static_cast<double>(count));
  }
  std::fflush(stdout);
}

void run(const std::filesystem::path& folder, std::size_t count, int rounds) {
  base::SystemRandom random;
  const FixedClock clock(now);
  const FixedClock earlier(now - 60);
  const auto issuers = make_issuers(1, random);
  const auto& master = issuers.front();
  const Device device = make_device(random);
  const auto keys = make_keys(issuers, master.address, count, now, random);
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < count; ++i) tokens.push_back(make_token(master, device, i + 1));
  auto database = sql::open({.sqlite_file = folder / "store.db"});
  if (!database) fail("the store cannot be opened");
  authority::PolicyBoard board;
  board.publish([&](authority::Policy& policy) {
    const auto id = identity::DeviceId::of(device.point);
    policy.master = master.address;
    policy.any_key_record = true;
    policy.devices[id] = std::make_shared<const authority::DeviceFacts>(
        authority::DeviceFacts{.id = id,
                               .kind = identity::DeviceKind::software,
                               .issuer = master.address,
                               .key = crypto::P256Verifier::of(device.point),
                               .app_id_hash = {},
                               .name = "",
                               .revoked = false});
  });
  const authority::TokenRules rules{.hosts = {"localhost:1337"}, .allow_unattested = false};
  authority::HotDevices cold(board);
  authority::HotDevices hot(board);
  for (std::uint32_t i = 0; i < authority::HotDevices::uses_before; ++i) {
    hot.note(identity::DeviceId::of(device.point));
  }
  hot.tend();
  if (hot.current()->size() != 1) fail("no table was made");

  authority::Verifier verifier(board, clock, 64);
  for (int round = 0; round < rounds; ++round) {
    // A token is used up by its decision: each round has counters of its own.
    authority::Replay counters(**database, earlier);
    authority::Replay other_counters(**database, earlier);
    authority::TokenVerifier plain(board, clock, rules, counters, cold);
    authority::TokenVerifier fast(board, clock, rules, other_counters, hot);
    const auto decide = [&](authority::TokenVerifier& judge, std::size_t i) {
      const auto decision =
          judge.verify({.bearer = tokens[i], .method = "GET", .path = "/v1/models"});
      if (!std::holds_alternative<authority::Caller>(decision)) fail("a good token was denied");
    };
    const std::vector<Work> works{
        {"key",
         [&](std::size_t i) {
           const auto decision = verifier.verify(keys[i], "127.0.0.1");
           if (std::holds_alternative<authority::Denied>(decision)) fail("a good key was denied");
         }},
        {"token", [&](std::size_t i) { decide(plain, i); }},
        {"token_table", [&](std::size_t i) { decide(fast, i); }},
    };
    measure(works, count);
    for (auto* judge : {&plain, &fast}) {
      const auto again =
          judge->verify({.bearer = tokens.front(), .method = "GET", .path = "/v1/models"});
      if (!std::holds_alternative<authority::Denied>(again)) fail("a token was accepted twice");
    }
    verifier.collect_usage();
  }
}

}  // namespace
}  // namespace kronborg::bench

int main(int count, char** arguments) {
  if (count != 4) {
    std::fputs("usage: bench_token_cold FOLDER TOKENS ROUNDS\n", stderr);
    return 2;
  }
  kronborg::bench::run(arguments[1], std::stoul(arguments[2]), std::stoi(arguments[3]));
}
