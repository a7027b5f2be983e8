#pragma once

#include <secp256k1.h>

namespace kronborg::crypto {

/// One context for the process: making one costs thousands of times a signature, and all its uses
/// are const, which the library documents as thread-safe. Blinded against timing with the system's
/// randomness; results do not depend on it. Misuse makes a call answer 0 instead of ending the
/// process.
const secp256k1_context* secp256k1_context_of_process();

}  // namespace kronborg::crypto
