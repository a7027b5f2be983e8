#include "gate/entrance.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "credential/request_token.h"
#include "gate/fields.h"

namespace kronborg::gate {

namespace {

bool is_agent_id_field(std::string_view name) {
  static constexpr std::string_view known = "x-osaurus-agent-id";
  return name.size() == known.size() && std::ranges::equal(name, known, {}, [](char c) {
           return c == '_' ? '-' : (c >= 'A' && c <= 'Z') ? static_cast<char>(c + ('a' - 'A')) : c;
         });
}

/// Requests that a page of any origin can make without asking, and that change something.
bool is_for_own_pages_only(const http::RequestHead& request) {
  return (request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS") ||
         request.upgrade;
}

bool starts_work(const std::optional<AgentPath>& path) {
  return path && (path->rest == "/run" || path->rest == "/dispatch");
}

}  // namespace

void note_credential(http::Exchange& exchange, const authority::Caller& caller) {
  if (caller.device()) {
    exchange.set_credential_id(caller.device()->text());
  } else {
    exchange.set_credential_id(caller.key_id());
  }
}

Entrance::Entrance(const Settings& settings, const Refusals& refusals,
                   authority::Verifier& verifier, authority::TokenVerifier& tokens,
                   Upstreams& upstreams, RelayRoom& room, RefusalSink refused)
    : settings_(settings),
      refusals_(refusals),
      verifier_(verifier),
      tokens_(tokens),
      upstreams_(upstreams),
      room_(room),
      refused_(std::move(refused)) {
  verified_head_ =
      "HTTP/1.1 204 No Content\r\nAPI-Version: 1\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";
  if (settings.origin.starts_with("https://")) {
    verified_head_ += "Strict-Transport-Security: max-age=31536000\r\n";
  }
  verified_fixed_ = verified_head_.size();
}

void Entrance::tell(base::Code code, std::string_view source) const {
  // A store that fails refuses nobody's credential.
  if (refused_ && base::facts(code).http_status < 500) refused_(code, source);
}

void Entrance::refuse(http::Exchange& exchange, http::Answer answer) {
  const http::RequestHead& request = exchange.request();
  if (judge_origin(settings_, request) == Origin::allowed) add_cors(answer, request);
  exchange.respond(answer);
}

std::optional<base::Error> Entrance::refused_before_the_key(
    const http::RequestHead& request) const {
  if (judge_origin(settings_, request) == Origin::foreign && is_for_own_pages_only(request)) {
    return base::Code::origin_not_allowed;
  }
  if (request.method == "TRACE" || request.method == "CONNECT")
    return base::Code::method_not_allowed;
  if (request.content_length > settings_.body_limit_bytes) {
    return base::Error(base::Code::body_too_large)
        .with({"limitBytes", static_cast<std::int64_t>(settings_.body_limit_bytes)});
  }
  return {};
}

Visitor Entrance::identify(const http::Exchange& exchange, std::string_view method,
                           std::string_view path) {
  Visitor visitor;
  const auto bearer = http::bearer(exchange.request());
  if (!bearer) {
    visitor.refused = verifier_.missing().error();
  } else if (credential::is_request_token(bearer->reveal())) {
    auto decision = tokens_.verify({.bearer = bearer->reveal(), .method = method, .path = path});
    if (const auto* denied = std::get_if<authority::Denied>(&decision)) {
      visitor.refused = denied->error();
    } else if (auto* pending = std::get_if<authority::PendingCaller>(&decision)) {
      visitor.pending = std::move(*pending);
    } else {
      visitor.token = std::get<authority::Caller>(std::move(decision));
    }
  } else {
    const auto decision = verifier_.verify(bearer->reveal(), source_address(settings_, exchange));
    if (const auto* denied = std::get_if<authority::Denied>(&decision)) {
      visitor.refused = denied->error();
    } else {
      visitor.key = std::get<const authority::Caller*>(decision);
    }
  }
  return visitor;
}

void Visitor::settle(base::Result<authority::TokenDecision> decision) {
  pending.reset();
  if (!decision) {
    refused = std::move(decision).error();
  } else if (const auto* denied = std::get_if<authority::Denied>(&*decision)) {
    refused = denied->error();
  } else {
    token = std::get<authority::Caller>(*std::move(decision));
  }
}

bool Entrance::must_wait(const http::Exchange& exchange) const {
  if (!tokens_.always_pending()) return false;
  const auto bearer = http::bearer(exchange.request());
  return bearer && credential::is_request_token(bearer->reveal());
}

std::optional<Visitor> Entrance::receive(http::Exchange& exchange) {
  const http::RequestHead& request = exchange.request();
  const DecodedPath path(request.path);
  if (is_own_path(path.text()) || !path.text().starts_with('/')) {
    refuse(exchange, Refusals::no_route(exchange.request_id()));
    return {};
  }
  if (auto error = refused_before_the_key(request)) {
    http::Answer answer = refusals_.answer(*error);
    if (answer.status == 405)
      answer.fields.emplace_back("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    refuse(exchange, std::move(answer));
    return {};
  }
  if (is_trusted_loopback(settings_, exchange)) {
    std::optional<Visitor> trusted(std::in_place);
    trusted->trusted = true;
    return trusted;
  }
  return identify(exchange, request.method, request.path);
}

std::optional<Admission> Entrance::admit(http::Exchange& exchange, Visitor& visitor) {
  const http::RequestHead& request = exchange.request();
  const std::string_view source = source_address(settings_, exchange);
  if (visitor.refused && (request.upgrade || !needs_no_credential(request.method, request.path))) {
    tell(visitor.refused->code, source);
    refuse(exchange, refusals_.answer(*visitor.refused));
    return {};
  }
  const auto way = find_way(exchange, visitor, source);
  if (!way) return {};
  auto upstream = pick(*way);
  if (!upstream) {
    refuse(exchange, refusals_.answer(upstream.error()));
    return {};
  }
  if (const auto* caller = visitor.caller()) note_credential(exchange, *caller);
  return admission(exchange, visitor, way->path, *std::move(upstream));
}

std::optional<Entrance::Way> Entrance::find_way(http::Exchange& exchange, Visitor& visitor,
                                                std::string_view source) {
  const http::RequestHead& request = exchange.request();
  const auto named = agent_path(request.path);
  exchange.set_route(named ? "/agents/{agent}/*" : "/*");
  if (visitor.has_agent_scope() && !is_within_scope(visitor, request, request.path)) {
    tell(base::Code::agent_scope_denied, source);
    refuse(exchange, Refusals::out_of_scope(starts_work(named)));
    return {};
  }
  if (request.method == "POST" && starts_work(named) && !visitor.trusted &&
      !is_encrypted(settings_, exchange) && !is_from_trusted_loopback(settings_, exchange)) {
    refuse(exchange, Refusals::channel_required());
    return {};
  }
  const authority::Policy& policy = verifier_.policy();
  Way way{nullptr, request.path};
  if (named) {
    way = {policy.agent_named(named->agent), named->rest.empty() ? "/" : named->rest};
    if (way.agent == nullptr) {
      refuse(exchange, refusals_.answer(base::Code::agent_not_found));
      return {};
    }
  } else if (visitor.has_agent_scope()) {
    const auto own = policy.agents.find(visitor.caller()->audience());
    if (own != policy.agents.end()) way.agent = own->second.get();
  }
  return way;
}

bool Entrance::is_within_scope(Visitor& visitor, const http::RequestHead& request,
                               std::string_view path) {
  const authority::Policy& policy = verifier_.policy();
  const auto is_own = [&](std::string_view name) {
    const authority::AgentFacts* agent = policy.agent_named(name);
    if (agent == nullptr || !visitor.caller()->may_use(agent->address)) return false;
    if (visitor.token) visitor.token->choose(agent->address);
    return true;
  };
  for (const http::Field& field : request.fields) {
    if (is_agent_id_field(field.name) && !is_own(field.value)) return false;
  }
  // What is left after the agent's name goes to an upstream that may have routes of the same form.
  for (auto named = agent_path(path); named; named = agent_path(named->rest)) {
    if (!is_own(named->agent)) return false;
  }
  // With several agents, none of which was named, nobody knows which one is meant.
  return visitor.caller()->agent() != nullptr;
}

base::Result<PickedUpstream> Entrance::pick(const Way& way) {
  if (way.agent != nullptr && way.agent->upstream) return upstreams_.at(*way.agent->upstream);
  const DecodedPath path(way.path);
  // `/agents/<A>/api/v1/…` does not lead back to kronborg; an upstream has paths of its own.
  return upstreams_.matching(path.text());
}

Admission Entrance::admission(http::Exchange& exchange, const Visitor& visitor,
                              std::string_view path, PickedUpstream upstream) {
  const http::RequestHead& request = exchange.request();
  Admission admitted;
  admitted.websocket = asks_for_websocket(request);
  admitted.cors = judge_origin(settings_, request) == Origin::allowed;
  const authority::Caller* const caller = visitor.caller();
  if (caller != nullptr) admitted.ticket = authority::Verifier::ticket(*caller);
  if (!room_.spare_heads.empty()) {
    admitted.head = std::move(room_.spare_heads.back());
    room_.spare_heads.pop_back();
  }
  const Onward onward{
      .to = upstream.pool->url(),
      .path = path,
      .authorization = upstream.authorization,
      .identity_fields = caller == nullptr ? std::string_view{} : caller->identity_fields(),
      .websocket = admitted.websocket};
  append_onward_head(admitted.head, settings_, exchange, onward);
  admitted.pool = std::move(upstream.pool);
  return admitted;
}

}  // namespace kronborg::gate
