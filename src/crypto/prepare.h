#pragma once

namespace kronborg::crypto {

/// Does everything that the libraries do only at their first use (OpenSSL reads its configuration
/// file, libsodium and libsecp256k1 look at the processor and draw randomness). For a process that
/// gives up file access and most system calls right afterwards: the key holder.
void prepare();

}  // namespace kronborg::crypto
