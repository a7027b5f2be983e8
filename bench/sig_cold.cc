// usage: bench_sig_cold KEYS ISSUERS ROUNDS
// The whole decision on KEYS different keys, none of which the verifier has seen lately, beside the
// library's public-key recovery on the same signatures. Prints `NAME NANOSECONDS` per round, the
// mean CPU time of one key: recover, parse_recover, decide.
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "authority/verify.h"
#include "base/encoding.h"
#include "identity/signed_message.h"
#include "keys.h"

namespace kronborg::bench {
namespace {

/// What secp256k1_ecdsa_recover is given.
struct Signed {
  secp256k1_ecdsa_recoverable_signature signature;
  crypto::Digest digest;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "bench_sig_cold: %s\n", what);
  std::exit(1);
}

std::vector<Signed> parsed(const secp256k1_context* context, const std::vector<std::string>& keys) {
  std::vector<Signed> all;
  all.reserve(keys.size());
  credential::ParsedAccessKey key;
  for (const auto& text : keys) {
    if (key.parse(text)) fail("a key of its own making cannot be read");
    const auto& bytes = key.signature();
    const auto payload = base::base64url_strict(text.substr(7, text.rfind('.') - 7)).value();
    Signed& one = all.emplace_back();
    one.digest = identity::envelope_digest(identity::Prefix::access, payload);
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(context, &one.signature, bytes.data(),
                                                            bytes[64] - 27) != 1) {
      fail("a signature of its own making cannot be read");
    }
  }
  return all;
}

void publish(authority::PolicyBoard& board, const identity::Address& master,
             const std::vector<Issuer>& issuers) {
  board.publish([&](authority::Policy& policy) {
    policy.master = master;
    policy.any_key_record = true;
    for (const auto& issuer : issuers) policy.master_whitelist.insert(issuer.address);
  });
}

/// CPU time of one thing done to every key in turn. The three take turns in slices, so that what
/// else happens on the machine meets all of them.
struct Work {
  const char* name;
  std::function<void(std::size_t)> one;
  double nanoseconds = 0;
};

double cpu_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

void measure(std::span<Work> works, std::size_t count) {
  constexpr std::size_t slice = 2'000;
  for (std::size_t first = 0; first < count; first += slice) {
    const std::size_t end = std::min(first + slice, count);
    for (Work& work : works) {
      const double begin = cpu_nanoseconds();
      for (std::size_t i = first; i < end; ++i) work.one(i);
      work.nanoseconds += cpu_nanoseconds() - begin;
    }
  }
  for (Work& work : works) {
    std::printf("%s %.1f\n", work.name,
                std::exchange(work.nanoseconds, 0) / static_cast<double>(count));
  }
  std::fflush(stdout);
}

/// A key with one other byte must be denied, or what is measured is no decision.
void check_denial(authority::Verifier& verifier, std::string key) {
  char& digit = key[key.size() - 40];
  digit = digit == '0' ? '1' : '0';
  if (!std::holds_alternative<authority::Denied>(verifier.verify(key, "127.0.0.1"))) {
    fail("a key with another signature was accepted");
  }
}

void run(std::size_t count, std::size_t issuer_count, int rounds) {
  base::SystemRandom random;
  const base::SystemClock clock;
  const auto master = make_issuers(1, random).front().address;
  const auto issuers = make_issuers(issuer_count, random);
  const auto keys = make_keys(issuers, master, count, clock.now(), random);
  secp256k1_context* context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
  const auto signatures = parsed(context, keys);
  authority::PolicyBoard board;
  publish(board, master, issuers);
  authority::Verifier verifier(board, clock);
  check_denial(verifier, keys.front());

  credential::ParsedAccessKey key;
  std::array works{
      Work{"recover",
           [&](std::size_t i) {
             secp256k1_pubkey point;
             const auto& one = signatures[i];
             if (secp256k1_ecdsa_recover(context, &point, &one.signature, one.digest.data()) != 1) {
               fail("a signature does not recover");
             }
           }},
      Work{"parse_recover",
           [&](std::size_t i) {
             if (key.parse(keys[i]) || key.recover_issuer() != issuers[i % issuer_count].address) {
               fail("a key recovers to somebody else");
             }
           }},
      Work{"decide",
           [&](std::size_t i) {
             const auto decision = verifier.verify(keys[i], "127.0.0.1");
             if (std::holds_alternative<authority::Denied>(decision)) fail("a good key was denied");
           }},
  };
  for (int round = 0; round < rounds; ++round) {
    measure(works, count);
    verifier.collect_usage();
  }
  secp256k1_context_destroy(context);
}

}  // namespace
}  // namespace kronborg::bench

int main(int count, char** arguments) {
  if (count != 4) {
    std::fputs("usage: bench_sig_cold KEYS ISSUERS ROUNDS\n", stderr);
    return 2;
  }
  kronborg::bench::run(std::stoul(arguments[1]), std::stoul(arguments[2]), std::stoi(arguments[3]));
}
