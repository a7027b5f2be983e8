#pragma once

#include <string>

#include "base/error.h"

namespace kronborg::channel {

// The errors that go out unsealed (docs/protocol/secure-channel.md), as JSON.

/// Section 1, POST /secure/session: flat, with `hint` on 503.
std::string session_error(const base::Error& error);
/// Section 2, POST /secure/call.
std::string call_error(const base::Error& error);
/// Section 4, 426 on a route that demands the channel.
std::string channel_required_error();

}  // namespace kronborg::channel
