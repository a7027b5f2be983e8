#include "crypto/secp256k1_context.h"

#include <cstdlib>

#include "base/random.h"
#include "base/secret.h"

namespace kronborg::crypto {

const secp256k1_context* secp256k1_context_of_process() {
  static const secp256k1_context* const made = [] {
    secp256k1_context* fresh = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    // The stock callback aborts the process; with this one the call answers 0.
    secp256k1_context_set_illegal_callback(fresh, [](const char*, void*) {}, nullptr);
    base::Secret<32> seed;
    base::SystemRandom().fill(seed.fill());
    if (secp256k1_context_randomize(fresh, seed.reveal().data()) != 1) std::abort();
    return fresh;
  }();
  return made;
}

}  // namespace kronborg::crypto
