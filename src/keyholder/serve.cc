#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/prepare.h"
#include "keyholder/confinement.h"
#include "keyholder/holder.h"
#include "keyholder/keyholder.h"
#include "keyholder/packet.h"
#include "keyholder/passphrase.h"
#include "keyholder/protocol.h"

namespace kronborg::keyholder {
namespace {

/// Overwrites what the last request left on the stack below this frame: parts of derived keys, of
/// passphrases, of plain texts.
[[gnu::noinline]] void wipe_stack() {
  std::array<std::uint8_t, 64UL * 1024> below;
  base::wipe(below.data(), below.size());
}

/// False ends the process: the parent is gone, or said something that it never says.
bool serve_one(Holder& holder, int socket) {
  auto received = receive_packet(socket, -1);
  if (!received || !*received) return false;
  const Packet& packet = **received;
  std::optional<Request> request = decode_request(packet.bytes());
  if (!request) return false;
  std::optional<Reply> reply = holder.answer(*std::move(request), packet.descriptors);
  return reply && send_packet(socket, encode(*std::move(reply)), {}).has_value();
}

base::Result<void> serve(int socket) {
  TRY(HolderStatus status, give_up_privileges());
  if (lock_all_memory()) status.memory = MemoryLock::all;
  crypto::prepare();
  base::SystemRandom random;
  Holder holder(random, status);
  TRY_VOID(filter_system_calls(socket));
  while (serve_one(holder, socket)) wipe_stack();
  return {};
}

}  // namespace

int run_key_holder(int socket) {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) {
    fmt::print(stderr, "kronborg key-holder: it is started by kronborg serve, not by hand.\n");
    return 1;
  }
  const auto served = serve(socket);
  if (!served) fmt::print(stderr, "kronborg key-holder: {}\n", served.error().text());
  // Not exit: what other parts of the program do at its end needs system calls that are gone.
  ::_exit(served ? 0 : 1);
}

}  // namespace kronborg::keyholder
