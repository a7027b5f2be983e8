// usage: bench_make_keys AUDIENCE ISSUERS COUNT FILE
// Writes COUNT access keys to FILE, one per line, and the addresses of their issuers to standard
// output: an authority accepts the keys once it has those on its whitelist.
#include <cstdio>
#include <fstream>

#include "base/clock.h"
#include "keys.h"

int main(int count, char** arguments) {
  using namespace kronborg;
  if (count != 5) {
    std::fputs("usage: bench_make_keys AUDIENCE ISSUERS COUNT FILE\n", stderr);
    return 2;
  }
  const auto audience = identity::Address::parse(arguments[1]);
  if (!audience) {
    std::fputs("bench_make_keys: AUDIENCE is no address\n", stderr);
    return 2;
  }
  base::SystemRandom random;
  const auto issuers = bench::make_issuers(std::stoul(arguments[2]), random);
  std::ofstream file(arguments[4]);
  for (const auto& key : bench::make_keys(issuers, *audience, std::stoul(arguments[3]),
                                          base::SystemClock().now(), random)) {
    file << key << '\n';
  }
  for (const auto& issuer : issuers) std::puts(issuer.address.text().c_str());
  return file.flush() ? 0 : 1;
}
