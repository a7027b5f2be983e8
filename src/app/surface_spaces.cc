#include <algorithm>
#include <boost/asio/use_awaitable.hpp>

#include "api/cors.h"
#include "app/surface.h"
#include "app/surface_parts.h"
#include "doors/a2a_serve.h"
#include "doors/held_answer.h"
#include "doors/space_export.h"
#include "gate/source.h"

namespace kronborg::app {
namespace {

namespace asio = boost::asio;

constexpr std::size_t door_body_limit = (std::size_t{13} << 20U) / 2;  // http.md section 3
constexpr std::string_view door_fields[] = {"content-type",         "accept",        "prefer",
                                            "mcp-protocol-version", "mcp-method",    "mcp-name",
                                            "a2a-version",          "a2a-extensions"};

bool may_wait(const http::RequestHead& head) {
  return head.query.find("wait=") != std::string_view::npos || head.path.ends_with("/lock");
}

}  // namespace

std::string Surface::allowed_origin(const http::Exchange& exchange, std::string_view path) const {
  const auto origin = exchange.request().field("origin");
  if (!origin) return {};
  const auto& router = shared_.app.router();
  const bool of_spaces = path.starts_with("/oresundspace/space") || path.starts_with("/space/") ||
                         path == "/oresundspace/whoami" || router.is_door(path);
  if (!of_spaces) return {};
  const auto& settings = shared_.app.settings();
  if (*origin == settings.origin) return std::string(*origin);
  const auto& allowed = settings.allowed_origins;
  const bool any = settings.profile == Profile::open_internet &&
                   std::ranges::find(allowed, "*") != allowed.end() && *origin != "null";
  if (any || std::ranges::find(allowed, *origin) != allowed.end()) return std::string(*origin);
  return {};
}

doors::DoorRequest Surface::door_request(const http::Exchange& exchange,
                                         std::string_view path) const {
  const auto& head = exchange.request();
  doors::DoorRequest request;
  request.method = head.method;
  request.path = path;
  request.query = head.query;
  for (const auto name : door_fields) {
    if (const auto value = head.field(name)) request.fields.emplace_back(name, *value);
  }
  request.private_key = shared_secret(head.secret(http::SecretField::private_key));
  request.user_token = shared_secret(head.secret(http::SecretField::user_token));
  request.bearer = shared_secret(http::bearer(head));
  request.source_address = gate::source_address(*shared_.gate, exchange);
  request.request_id = exchange.request_id();
  request.browser = is_browser(head);
  return request;
}

void Surface::refuse_at_door(http::Exchange& exchange, const std::string& path,
                             const base::Error& error) {
  const auto& router = shared_.app.router();
  if (router.is_mcp_door(path)) {
    exchange.respond(doors::Mcp::refusal(error, exchange.request_id()));
  } else if (router.is_door(path)) {
    exchange.respond(shared_.a2a.refusal(error, path, exchange.request_id()));
  } else {
    refuse_now(exchange, error);
  }
}

asio::awaitable<void> Surface::answer_door(http::Exchange& exchange, std::string path) {
  auto request = door_request(exchange, path);
  const std::string origin = allowed_origin(exchange, path);
  const bool is_mcp = shared_.app.router().is_mcp_door(path);
  auto body = co_await exchange.read_body(door_body_limit);
  if (!body) {
    refuse_at_door(exchange, path, body.error());
    co_return;
  }
  if (request.method == "OPTIONS") {
    const auto asks = exchange.request().field("access-control-request-private-network");
    exchange.respond(api::cors_preflight(origin, asks == "true"));
    co_return;
  }
  request.body = std::move(*body);
  if (is_mcp) {
    co_await doors::answer_held(
        doors_, exchange, [this, &request, &origin](bool resumed, std::optional<api::Held>* held) {
          std::optional<api::Held> none;
          request.resumed = resumed;
          auto answer = shared_.mcp.answer(request, held == nullptr ? none : *held);
          return api::with_cors(std::move(answer), origin);
        });
  } else {
    co_await doors::serve_a2a(doors_, exchange, shared_.a2a, request, origin);
  }
  base::wipe(request.body.data(), request.body.size());
}

asio::awaitable<void> Surface::answer_space(http::Exchange& exchange, std::string path) {
  auto& router = shared_.app.router();
  const auto& head = exchange.request();
  auto request = api_request(exchange, path);
  if (router.is_space_stream(head.method, path)) {
    co_await doors::serve_space_stream(doors_, exchange, std::move(request));
  } else if (router.is_space_export(head.method, path)) {
    co_await doors::serve_space_export(doors_, exchange, std::move(request),
                                       shared_.app.data_folder());
  } else if (may_wait(head)) {
    auto body = co_await exchange.read_body(router.body_limit(request.method, request.path));
    if (!body) {
      refuse_now(exchange, body.error());
      co_return;
    }
    request.body = std::move(*body);
    co_await doors::answer_held(
        doors_, exchange, [&](bool resumed, std::optional<api::Held>* held) {
          request.resumed = resumed;
          return held == nullptr ? router.call(request) : router.call(request, *held);
        });
  } else {
    co_await answer_api(exchange);
  }
}

}  // namespace kronborg::app
