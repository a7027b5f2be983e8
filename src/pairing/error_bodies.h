#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace kronborg::pairing {

/// The whole body of a request, bytes.
inline constexpr std::size_t max_body_bytes = 65'536;

// The two forms of an error (docs/protocol/pairing.md section 1), as JSON. With 503 each has the
// `hint` of docs/protocol/identity.md section 9.

/// `/pair/challenge`, `/pair`, `/pair-invite`, and every 429.
std::string flat_error(const base::Error& error);
/// `/pair/hello`, `/pair/code`, `/pair/confirm`, `/pair/unpair`; a 429 is flat there too.
std::string phone_error(const base::Error& error);
/// 413, on all of them. `size`: of the body.
std::string body_too_large_error(std::size_t size);

}  // namespace kronborg::pairing
