// usage: bench_sig_cold KEYS ISSUERS ROUNDS
// The whole decision on KEYS different keys, none of which the verifier has seen lately, beside the
// library's public-key recovery on the same signatures. Prints `NAME NANOSECONDS` per round, the
// mean of one key: recover, parse_recover, decide.
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
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

void measure(const char* name, std::size_t count, const std::function<void(std::size_t)>& one) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) one(i);
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
  std::printf("%s %.1f\n", name, time.count() / static_cast<double>(count));
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
  for (int round = 0; round < rounds; ++round) {
    measure("recover", count, [&](std::size_t i) {
      secp256k1_pubkey point;
      const auto& one = signatures[i];
      if (secp256k1_ecdsa_recover(context, &point, &one.signature, one.digest.data()) != 1) {
        fail("a signature does not recover");
      }
    });
    measure("parse_recover", count, [&](std::size_t i) {
      if (key.parse(keys[i]) || key.recover_issuer() != issuers[i % issuer_count].address) {
        fail("a key recovers to somebody else");
      }
    });
    measure("decide", count, [&](std::size_t i) {
      const auto decision = verifier.verify(keys[i], "127.0.0.1");
      if (std::holds_alternative<authority::Denied>(decision)) fail("a good key was denied");
    });
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
