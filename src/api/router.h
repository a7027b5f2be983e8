#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/policies.h"
#include "base/error.h"
#include "base/result.h"
#include "base/secret.h"
#include "http/message.h"
#include "spaces/directory.h"
#include "spaces/message.h"
#include "spaces/parts.h"
#include "spaces/space.h"

namespace kronborg::authority {
class Identity;
class Agents;
class AccessKeys;
class Whitelist;
class Audit;
class Devices;
struct Parts;
}  // namespace kronborg::authority

namespace kronborg::pairing {
struct Endpoints;
}

namespace kronborg::api {

/// Who calls, decided before the router is asked (docs/protocol/management.md, summary 2).
enum class CallerKind : std::uint8_t {
  owner,      ///< Unix socket whose peer owns the data folder or is root, or the command line
              ///< in-process
  anonymous,  ///< everybody else: TCP, with or without a credential
};

/// A credential as it was sent; wiped when the last copy of the request is gone.
using SharedSecret = std::shared_ptr<const base::SecretText>;

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

  // Credentials of spaces and accounts; null when the field was not sent.
  SharedSecret private_key;  ///< X-Private-Key
  SharedSecret bearer;       ///< Authorization: Bearer
  SharedSecret user_token;   ///< X-User-Token
  SharedSecret join_token;   ///< X-Join-Token
  bool browser = false;  ///< Origin, Sec-Fetch-Mode or a session was sent (spaces.md section 8.6)
  /// Origin of the browser page that asks, when it is one that may (http.md section 9); else empty.
  std::string allowed_origin = {};
  /// A door has read it inside another request: one of `operations()` that has no route, by its id;
  /// empty: method and path decide.
  std::string operation = {};
  /// Goes on with a request that was counted and let in before: no rate limit is asked again.
  bool resumed = false;

  /// The first of `fields` with that lower-case name; empty when there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return {};
  }
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
  const spaces::Parts& spaces;
  pairing::Endpoints& pairing;
  authority::Devices& devices;
};

/// Open streams at most (docs/protocol/http.md section 3).
struct StreamLimits {
  std::int64_t per_key = 4;
  std::int64_t per_source = 32;
  std::int64_t per_space = 800;
  std::int64_t in_all = 10'000;
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
  /// A credential was refused with this code (http.md section 14, auth failures).
  std::function<void(std::string_view code)> on_refusal;
  bool spaces_enabled = true;                    ///< spaces.enabled
  bool anonymous_create = true;                  ///< spaces.anonymous_create
  std::string service_name = "kronborg spaces";  ///< spaces.service_name
  bool owns_mcp = true;   ///< /mcp and its documents are ours, not an upstream's
  bool owns_a2a = true;   ///< /a2a and the agent card
  bool owns_docs = true;  ///< /openapi.json, /llms*.txt, /docs/
  /// What tools/list answers at the MCP door, an array; null: the server card names no tools.
  boost::json::value mcp_tools = {};
  Rates rates = standard_rates();  ///< http.md section 10
  StreamLimits streams = {};
};

/// What a message list that was asked with `wait` waits for.
struct Held {
  std::int64_t space = 0;    ///< number of the space: spaces::Feed
  std::string key_id;        ///< the answer is made at once when this key ends
  std::int64_t after = 0;    ///< a message with a higher sequence number
  std::int64_t seconds = 0;  ///< at most
};

class StreamPlaces;
class KnownKey;

/// A caller who has been let in to follow a space, or to export it; who drives the answer keeps it
/// as long as the stream is open.
struct Reader {
  spaces::Caller caller;
  bool for_browser = false;
  std::optional<std::int64_t> after = {};  ///< sequence number to begin behind; nothing: now
  std::vector<std::pair<std::string, std::string>> fields = {};  ///< of the answer: rate limits …
  std::shared_ptr<void> place = {};  ///< counted among the open streams while it lives
};

/// What a reader of a space is sent first.
struct Snapshot {
  std::string space;  ///< data of the `space` event with action snapshot
  std::int64_t last_seq = 0;
};

/// One server-sent event of GET /api/v1/events.
struct Event {
  std::int64_t seq = 0;  ///< its `id:`
  std::string kind;      ///< `key`, `agent`, `device`, `identity`, `audit`
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
  /// The same; a message list that is empty and may wait answers 200 with `held` filled: the caller
  /// may wait that long for a message, then ask again with Request::resumed and without `held`.
  Response call(const Request& request, std::optional<Held>& held);

  /// For GET /oresundspace/whoami on an event loop; lives no longer than this.
  [[nodiscard]] KnownKey known_key() const;

  /// Where MCP or A2A is spoken (discovery.md sections 7 and 10).
  [[nodiscard]] bool is_door(std::string_view path) const;
  [[nodiscard]] bool is_mcp_door(std::string_view path) const;
  /// The refusal of a request that did not come so far as to a route; counts for its source.
  Response refuse_early(const base::Error& error, std::string_view request_id,
                        std::string_view accept, std::string_view source_address);
  /// Makes the documents, so that the first request for one does not wait for it. Waits.
  void make_documents() const;
  /// So many stored answers are gone (spaces::Sweep::take_removed_answers).
  void answers_removed(std::int64_t count);

  // --- for doors -----------------------------------------------------------------------------
  /// The route is answered by a door once the caller is let in: a stream or an export.
  [[nodiscard]] bool is_space_stream(std::string_view method, std::string_view path) const;
  [[nodiscard]] bool is_space_export(std::string_view method, std::string_view path) const;
  /// Lets a reader in. Waits.
  std::variant<Response, Reader> admit(const Request& request);
  /// Whether the credential of the request may call its route; takes no rate token.
  [[nodiscard]] bool would_admit(const Request& request);
  /// The snapshot of the space as the reader may see it. Errors: cursor_invalid (Reader::after is
  /// beyond the last message), not_found. Waits.
  base::Result<Snapshot> snapshot(const Reader& reader);
  /// Messages behind `after`, as stream events, oldest first. Waits.
  struct Replay {
    std::string text;
    std::int64_t last = 0;
    bool has_more = false;
  };
  base::Result<Replay> replay(const Reader& reader, std::int64_t after, std::int64_t until);
  /// Writes the export to `sink`, which may wait; false from it ends the export. Waits.
  base::Result<void> export_space(const Reader& reader,
                                  const std::function<bool(std::string_view)>& sink);
  /// One token of a policy that is bound to the source address, and of `source`; `fields` are the
  /// rate fields of the answer. Error: rate_limited.
  using RateFields = std::vector<std::pair<std::string, std::string>>;
  std::optional<base::Error> take_source_rate(Policy policy, std::string_view source_address,
                                              RateFields& fields);
  /// Name and Markdown of each page under /docs/.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> doc_pages() const;
  [[nodiscard]] const spaces::Parts& spaces() const;
  [[nodiscard]] const Settings& settings() const;
  [[nodiscard]] std::int64_t open_streams() const;
  /// Writes down what is known of the last use of keys. Called every second and at the end; waits.
  base::Result<void> flush_last_use();

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
