#include <algorithm>
#include <boost/asio/use_awaitable.hpp>

#include "api/accept.h"
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

constexpr std::string_view who_am_i_path = "/oresundspace/whoami";
/// What makes an answer of whoami another one, or is for the pipeline to judge.
constexpr std::string_view special_fields[] = {"origin", "prefer", "api-version",
                                               "content-encoding", "content-type"};

std::optional<http::SecretView> key_of(const http::RequestHead& head) {
  const auto& named = head.secret(http::SecretField::private_key);
  return named ? named : http::bearer(head);
}

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

bool Surface::asks_plainly(const http::Exchange& exchange, std::string_view path) const {
  if (path != who_am_i_path) return false;
  const auto& head = exchange.request();
  const auto sends = [&](http::SecretField field) { return head.secret(field).has_value(); };
  return head.method == "GET" && head.query.empty() && head.body == http::BodyKind::none &&
         sends(http::SecretField::private_key) != sends(http::SecretField::authorization) &&
         !sends(http::SecretField::user_token) && !sends(http::SecretField::join_token) &&
         !exchange.peer().unix_socket && shared_.app.router().settings().spaces_enabled &&
         std::ranges::none_of(special_fields,
                              [&](auto name) { return head.field(name).has_value(); }) &&
         api::accept_weight(head.field("accept").value_or(""), "application/json") > 0;
}

bool Surface::answer_known_key(http::Exchange& exchange) {
  exchange.set_route(who_am_i_path);
  const auto key = key_of(exchange.request());
  if (!key || !known_key_.answer({.key = key->reveal(),
                                  .source_address = gate::source_address(*shared_.gate, exchange),
                                  .request_id = exchange.request_id()})) {
    return false;
  }
  exchange.respond_prepared(known_key_.head(), known_key_.body());
  return true;
}

asio::awaitable<void> Surface::answer_space(http::Exchange& exchange, std::string path) {
  auto& router = shared_.app.router();
  const auto& head = exchange.request();
  if (router.is_space_stream(head.method, path)) {
    auto request = boxed_request(exchange, path);
    co_await doors::serve_space_stream(doors_, exchange, std::move(request));
  } else if (router.is_space_export(head.method, path)) {
    co_await answer_export(exchange, path);
  } else if (may_wait(head)) {
    co_await answer_waiting(exchange, path);
  } else {
    co_await answer_api(exchange);
  }
}

std::unique_ptr<api::Request> Surface::boxed_request(const http::Exchange& exchange,
                                                     std::string_view path) const {
  return std::make_unique<api::Request>(api_request(exchange, path));
}

asio::awaitable<void> Surface::answer_export(http::Exchange& exchange, std::string path) {
  auto request = api_request(exchange, path);
  co_await doors::serve_space_export(doors_, exchange, std::move(request),
                                     shared_.app.data_folder());
}

asio::awaitable<void> Surface::answer_waiting(http::Exchange& exchange, std::string path) {
  auto& router = shared_.app.router();
  auto request = api_request(exchange, path);
  auto body = co_await exchange.read_body(router.body_limit(request.method, request.path));
  if (!body) {
    refuse_now(exchange, body.error());
    co_return;
  }
  request.body = std::move(*body);
  co_await doors::answer_held(doors_, exchange, [&](bool resumed, std::optional<api::Held>* held) {
    request.resumed = resumed;
    return held == nullptr ? router.call(request) : router.call(request, *held);
  });
}

}  // namespace kronborg::app
