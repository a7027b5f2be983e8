#pragma once

#include "base/result.h"
#include "keyholder/keyholder.h"

namespace kronborg::keyholder {

// What the holder gives up before it sees a key (docs/protocol/identity.md section 13: "no network
// … locked, not dumpable, no core file … system calls filtered to the few it needs"). In this
// order: the filter comes last, because the others are system calls.

/// No core file, not dumpable or traceable by other processes of the user, no new privileges by
/// exec, deaf to a terminal's signals (the end of the socket ends the holder). Error:
/// keyholder_failed.
base::Result<HolderStatus> give_up_privileges();

/// Locks all memory, present and future, or nothing when there would be no room left for Argon2id.
bool lock_all_memory();

/// From here on any other system call kills the process. `socket` is the only descriptor on which
/// messages are sent and received. Error: keyholder_failed.
base::Result<void> filter_system_calls(int socket);

}  // namespace kronborg::keyholder
