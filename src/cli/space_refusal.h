#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "cli/reply.h"
#include "http/fetch.h"

namespace kronborg::cli {

/// The error that an answer other than 2xx stands for: with the reason why a key has ended, who
/// holds a lock, which revision a document is at, and how long to wait.
base::Error refusal_of(const Reply& reply, const http::FetchAnswer& answer);

/// Why a key has ended, as docs/protocol/spaces.md section 11.2 names it; "" when it has not.
std::string ended_reason(const base::Error& error);
/// The same in words: "you were kicked".
std::string words_for_end(std::string_view reason);
/// Seconds after which the server wants to be asked again; 0 when it did not say.
std::int64_t retry_after(const base::Error& error);

}  // namespace kronborg::cli
