#include "api/router.h"

#include <algorithm>
#include <exception>

#include "api/desk.h"
#include "api/documents.h"
#include "api/idempotency.h"
#include "api/paging.h"
#include "api/pipeline.h"
#include "api/rate_limit.h"
#include "api/render.h"
#include "api/router_state.h"
#include "api/routes.h"
#include "base/encoding.h"
#include "base/json.h"

namespace kronborg::api {
namespace {

// docs/protocol/discovery.md section 1, "Coexistence with a gateway": what always belongs to this
// service, also where nothing answers yet.
constexpr std::string_view owned_below[] = {
    "/api/v1/", "/oresundspace/", "/oauth/", "/.well-known/oauth-", "/space/", "/join/",
    "/link/",   "/enroll/",       "/secure/"};
constexpr std::string_view owned_exactly[] = {
    "/api/v1", "/.well-known/jwks.json", "/auth.md", "/link", "/enroll", "/healthz", "/readyz"};

/// The key that cursors are made with: drawn once, kept as long as the lists are.
base::Result<std::array<std::uint8_t, 32>> cursor_key(const authority::Parts& parts) {
  std::array<std::uint8_t, 32> key{};
  TRY_VOID(parts.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    parts.random.fill(key);
    TRY_VOID(
        transaction("INSERT INTO settings (name, value) VALUES ('cursor_key', $1) "
                    "ON CONFLICT (name) DO NOTHING",
                    base::hex(key)));
    TRY(const auto kept, transaction("SELECT value FROM settings WHERE name = 'cursor_key'"));
    if (kept.rows.empty() || !base::hex_strict_into(kept.rows[0].text(0), key)) {
      return base::Error(base::Code::store_damaged, "The key of the cursors cannot be read.");
    }
    return {};
  }));
  return key;
}

std::string_view event_kind(std::string_view audit_type) {
  const std::string_view noun = audit_type.substr(0, audit_type.find('.'));
  if (noun == "pairing_code") return "pairing";
  for (const std::string_view kind : {"key", "agent", "identity", "pairing", "device"}) {
    if (noun == kind) return kind;
  }
  return "audit";
}

}  // namespace

base::Result<std::unique_ptr<Router>> Router::open(const Nouns& nouns, Settings settings) {
  TRY(const auto key, cursor_key(nouns.parts));
  TRY(auto credentials, MetricsCredentials::open(nouns.parts));
  TRY(auto answers, SpaceAnswers::open(nouns.spaces));
  auto state = std::make_unique<State>(nouns, std::move(settings), key, std::move(credentials),
                                       std::move(answers));
  return std::unique_ptr<Router>(new Router(std::move(state)));
}

Router::Router(std::unique_ptr<State> state) : state_(std::move(state)) {}
Router::~Router() = default;

bool Router::owns(std::string_view path) const {
  return std::ranges::any_of(owned_below,
                             [&](std::string_view prefix) { return path.starts_with(prefix); }) ||
         std::ranges::find(owned_exactly, path) != std::end(owned_exactly) ||
         state_->documents.find(path) != nullptr || is_door(path) ||
         (state_->settings.owns_docs && path.starts_with("/docs/"));
}

bool Router::is_door(std::string_view path) const {
  const Settings& settings = state_->settings;
  if (!settings.spaces_enabled) return false;
  return is_mcp_door(path) || path == "/oresundspace/a2a" || (settings.owns_a2a && path == "/a2a");
}

bool Router::is_mcp_door(std::string_view path) const {
  const Settings& settings = state_->settings;
  return settings.spaces_enabled &&
         (path == "/oresundspace/mcp" ||
          (settings.owns_mcp && (path == "/mcp" || path == "/.well-known/mcp")));
}

bool Router::quick(std::string_view method, std::string_view path, CallerKind caller) const {
  if (state_->documents.find(path) != nullptr) return true;
  const Found found = find_route(method, path);
  if (found.route == nullptr) return true;
  const Rule& rule = found.route->rule;
  if (rule.space_rule() != nullptr) return !state_->settings.spaces_enabled;
  if (rule.owner_only()) return caller != CallerKind::owner;
  return rule.is_open(Open::health) || rule.is_open(Open::document) || rule.is_open(Open::page) ||
         rule.is_open(Open::link_start) || rule.is_open(Open::space_key);
}

bool Router::is_event_stream(std::string_view method, std::string_view path) const {
  const Found found = find_route(method, path);
  return found.route != nullptr && found.route->rule.is_stream();
}

std::size_t Router::body_limit(std::string_view method, std::string_view path) const {
  const Found found = find_route(method, path);
  return found.route == nullptr ? http::default_body_limit_bytes : found.route->body_limit;
}

std::string_view Router::route_template(std::string_view path) const {
  const auto fits = [&](const Route& route) { return match(route.path, path).has_value(); };
  const auto table = is_in_space_table(path) ? space_routes() : routes();
  const auto found = std::ranges::find_if(table, fits);
  return found == table.end() ? std::string_view{} : found->path;
}

Response Router::call(const Request& request) { return state_->call(request, nullptr, *this); }

Response Router::call(const Request& request, std::optional<Held>& held) {
  return state_->call(request, &held, *this);
}

Response Router::State::call(const Request& request, std::optional<Held>* held,
                             const Router& router) {
  const Services services{.desk = {nouns, settings, cursors, *metrics_credentials},
                          .idempotency = idempotency,
                          .limiter = limiter,
                          .counters = counters,
                          .documents = documents,
                          .router = router,
                          .spaces = spaces};
  try {
    return Pipeline(services, request).run(held);
  } catch (const std::exception&) {
    // The last resort: whatever an operation left open was undone by its transaction.
    return error_response(base::Code::internal_error, request.request_id, {}, settings.origin);
  }
}

bool Router::opens_metrics(std::string_view bearer) const {
  return state_->metrics_credentials->accepts(bearer);
}

base::Result<std::vector<Event>> Router::events_after(std::int64_t after, int limit) const {
  TRY(const auto rows, state_->nouns.audit.list({}, {.after = after, .limit = limit}));
  std::vector<Event> events;
  for (const authority::AuditEvent& row : rows.items) {
    events.push_back({.seq = row.seq,
                      .kind = std::string(event_kind(row.type)),
                      .data = base::to_text(render(row))});
  }
  return events;
}

std::int64_t Router::newest_seq() const { return state_->nouns.audit.newest_seq(); }

std::string event_text(const Event& event) {
  return "id: " + std::to_string(event.seq) + "\nevent: " + event.kind + "\ndata: " + event.data +
         "\n\n";
}

}  // namespace kronborg::api
