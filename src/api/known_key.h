#pragma once

#include <string>
#include <string_view>

#include "api/space_pipeline.h"

namespace kronborg::api {

/// What GET /oresundspace/whoami answers (docs/protocol/spaces.md section 2), as JSON text.
std::string who_is_text(const spaces::Caller& caller, std::int64_t now_ms);

/// GET /oresundspace/whoami for a key that memory knows: the same answer as that of the pipeline,
/// without leaving the event loop and without a look into the store. One per event loop.
class KnownKey {
 public:
  struct Asked {
    std::string_view key;  ///< as sent
    std::string_view source_address;
    std::string_view request_id;
  };

  explicit KnownKey(const SpaceServices& services) : services_(services) {}

  /// Makes head() and body(). false: memory does not know the key, or it may not ask at the moment;
  /// the pipeline then answers (and memory knows a live key from then on), and nothing was counted.
  [[nodiscard]] bool answer(const Asked& asked);

  /// Status line and fields, for http::Exchange::respond_prepared.
  [[nodiscard]] std::string_view head() const { return head_; }
  [[nodiscard]] std::string_view body() const { return body_; }

 private:
  const SpaceServices& services_;
  std::string head_, body_;
};

}  // namespace kronborg::api
