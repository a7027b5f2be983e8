#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "doors/a2a_stream.h"
#include "doors/door.h"

namespace kronborg::doors {

struct A2aParts {
  std::string origin;                    ///< own origin, no trailing '/'
  Calls calls;                           ///< of them, `call` and `take_rate` are used
  std::function<std::string()> new_id;   ///< UUID version 4
  std::function<std::int64_t()> now_ms;  ///< Unix time
};

/// What a request to the door came to.
struct A2aReply {
  http::Answer answer = {};
  /// A stream to be opened: it makes the answer. It must not outlive the door.
  std::unique_ptr<A2aStream> stream = {};
};

/// The A2A door: protocol 0.3 and 1.0 as JSON-RPC (docs/protocol/discovery.md section 10). One
/// space is one task; every method is a translation into calls of the REST surface. Thread-safe.
class A2aDoor {
 public:
  explicit A2aDoor(A2aParts parts) : parts_(std::move(parts)) {}
  A2aDoor(const A2aDoor&) = delete;
  A2aDoor& operator=(const A2aDoor&) = delete;

  /// `request.path` is `/a2a` or `/oresundspace/a2a`. Waits.
  A2aReply answer(const DoorRequest& request) const;
  /// A request to `path` that failed before it came here (Host, Origin, size, form) in the form of
  /// this surface: a JSON-RPC error whose id is null.
  http::Answer refusal(const base::Error& error, std::string path,
                       std::string_view request_id) const;

 private:
  const A2aParts parts_;
};

}  // namespace kronborg::doors
