#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/client_url.h"

namespace kronborg::http {

/// A request of a program that has nothing else to do meanwhile (the command line).
struct FetchRequest {
  std::string method = "GET";
  std::string target = "/";  ///< path and query, behind the base path of the URL
  std::vector<std::pair<std::string, std::string>> fields = {};  ///< no Host, no Content-Length
  std::string body = {};
  std::chrono::milliseconds patience{60'000};  ///< without a byte from the server
  /// For all of it; of a body that goes to a sink, only until it begins.
  std::chrono::milliseconds whole{300'000};
  std::size_t most_bytes = std::size_t{64} << 20U;  ///< of a body that is collected
  std::function<bool()> stop = {};  ///< asked five times a second; true ends the exchange
};

struct FetchAnswer {
  int status = 0;  ///< 0: it was stopped before the server answered
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  bool stopped = false;  ///< the sink or `stop` ended it

  /// The value of a field of this name, in any case; empty when there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const;
};

/// What a stream's bytes are handed to; false ends it.
using FetchSink = std::function<bool(std::string_view bytes)>;

/// One connection for one request; waits for its end. TLS believes the certificates of this system;
/// redirections are answers like any other. Without `sink` the body is collected. With it, the body
/// of a 2xx answer goes to the sink as it comes, and the others are collected. Errors:
/// server_unreachable; usage for a request that holds control characters. What an answer says is
/// for the caller.
base::Result<FetchAnswer> fetch(const UpstreamUrl& url, const FetchRequest& request,
                                const FetchSink& sink = {});

/// Of an error of fetch(): the request was sent and may have had its effect.
bool may_have_arrived(const base::Error& error);

}  // namespace kronborg::http
