#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "http/message.h"

namespace kronborg::authority {
class Identity;
class Agents;
class AccessKeys;
class Whitelist;
class Audit;
struct Parts;
}  // namespace kronborg::authority

namespace kronborg::api {

/// Who calls, decided before the router is asked (docs/protocol/management.md, summary 2).
enum class CallerKind : std::uint8_t {
  owner,      ///< Unix socket whose peer owns the data folder or is root, or the command line
              ///< in-process
  anonymous,  ///< everybody else: TCP, with or without a credential
};

struct Request {
  std::string method;
  std::string path;   ///< decoded (http::decoded_path), without the query
  std::string query;  ///< as received, without '?'
  std::string body;
  /// Lower-case names: content-type, accept, idempotency-key, prefer, api-version, if-none-match,
  /// last-event-id. Others are not looked at.
  std::vector<std::pair<std::string, std::string>> fields;
  CallerKind caller = CallerKind::anonymous;
  bool credential_sent = false;  ///< the request had any credential field
  bool metrics_access = false;   ///< admin listener, or Router::opens_metrics() said yes
  std::string source_address;    ///< IP address as text; empty for a Unix socket or in-process
  std::string request_id;
};

/// For HEAD the body is that of GET: the exchange leaves it out and keeps its length.
using Response = http::Answer;

/// What the router reads and changes; all of it outlives the router.
struct Nouns {
  authority::Identity& identity;
  authority::Agents& agents;
  authority::AccessKeys& access_keys;
  authority::Whitelist& whitelist;
  authority::Audit& audit;
  const authority::Parts& parts;
};

/// `quota` requests per `window_s` seconds.
struct Rate {
  std::int64_t quota = 1;
  std::int64_t window_s = 60;
};

/// What only the process as a whole knows. Every function is called on the thread of the request
/// and must be thread-safe.
struct Settings {
  std::string origin;                      ///< own origin (http.md 1.1), no trailing '/'
  std::string resource_name = "kronborg";  ///< in the protected resource metadata
  std::string version;                     ///< of the product, for GET /api/v1/status
  /// Members added to GET /api/v1/status: exposure, upstreams, warnings, …; an object.
  std::function<boost::json::value()> status_extras;
  /// GET /api/v1/config: `{"settings": [{"key", "value", "source"}, …]}`, secrets left out.
  std::function<boost::json::value()> config_view;
  /// GET /api/v1/doctor: an array of `{"check", "ok", "severity", "message", "repair"?}`.
  std::function<boost::json::value()> doctor;
  /// Prometheus text format 0.0.4; the router adds what it counts itself.
  std::function<std::string()> metrics_text;
  /// nothing: ready; else "starting", "draining" or "store_unavailable" (http.md section 14).
  std::function<std::optional<std::string>()> not_ready;
  Rate source_rate{.quota = 1200, .window_s = 60};    ///< policy `source` (http.md section 10)
  Rate discovery_rate{.quota = 300, .window_s = 60};  ///< policy `discovery`
};

/// One server-sent event of GET /api/v1/events.
struct Event {
  std::int64_t seq = 0;  ///< its `id:`
  std::string kind;      ///< `key`, `agent`, `identity`, `audit`
  std::string data;      ///< AuditEvent as one line of JSON
};

/// The event as it stands in the stream, the empty line at its end included.
std::string event_text(const Event& event);

/// The management API, health, metrics and discovery documents: docs/protocol/management.md,
/// http.md sections 4 to 14, discovery.md sections 1 to 6. One per process. Thread-safe.
class Router {
 public:
  /// Reads the key of the cursors and the metrics credentials. Errors: those of the store.
  static base::Result<std::unique_ptr<Router>> open(const Nouns& nouns, Settings settings);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Paths that are never forwarded to an upstream (http.md 1.2, discovery.md section 1).
  /// `/metrics` is one only for a request with metrics access, so it is not named here.
  [[nodiscard]] bool owns(std::string_view path) const;
  /// The answer needs memory only and may be made on an event loop: /healthz, discovery documents,
  /// refusals by path or method, everything under /api/ for those who are not the owner.
  [[nodiscard]] bool quick(std::string_view method, std::string_view path, CallerKind caller) const;
  /// GET /api/v1/events asked by the owner: an event stream that the caller of this class drives
  /// with newest_seq() and events_after(). Router::call answers it with what is there now, and an
  /// end.
  [[nodiscard]] bool is_event_stream(std::string_view method, std::string_view path) const;
  /// Largest body in bytes; judged before the body is read (http.md section 4, step 4).
  [[nodiscard]] std::size_t body_limit(std::string_view method, std::string_view path) const;
  /// Template of the route, for logs and metrics: "/api/v1/agents/{id}"; "" when there is none.
  [[nodiscard]] std::string_view route_template(std::string_view path) const;

  /// Synchronous; may wait for the store and the key holder when not quick(). Never throws.
  Response call(const Request& request);

  /// `bearer`: value of Authorization after the scheme. Memory only.
  [[nodiscard]] bool opens_metrics(std::string_view bearer) const;

  /// Events with a sequence number above `after`, oldest first, at most `limit`. Waits for the
  /// store.
  base::Result<std::vector<Event>> events_after(std::int64_t after, int limit) const;
  /// One atomic load.
  [[nodiscard]] std::int64_t newest_seq() const;

 private:
  struct State;
  explicit Router(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// docs/protocol/http.md section 7.1: JSON with `error`, `code`, `requestId`, …, or
/// application/problem+json when `accept` ranks it at least as high as application/json.
Response error_response(const base::Error& error, std::string_view request_id,
                        std::string_view accept, std::string_view origin);

}  // namespace kronborg::api
