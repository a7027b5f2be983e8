#include "gate/entrance.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
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

Entrance::Entrance(const Settings& settings, const Refusals& refusals,
                   authority::Verifier& verifier, Upstreams& upstreams, RelayRoom& room,
                   RefusalSink refused)
    : settings_(settings),
      refusals_(refusals),
      verifier_(verifier),
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
  if (refused_) refused_(code, source);
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

Entrance::Identified Entrance::identify(const http::Exchange& exchange, std::string_view source) {
  const auto key = http::bearer(exchange.request());
  if (!key) return {{}, verifier_.missing().code};
  const authority::Decision decision = verifier_.verify(key->reveal(), source);
  if (const auto* denied = std::get_if<authority::Denied>(&decision)) return {{}, denied->code};
  return {{std::get<const authority::Caller*>(decision)}, {}};
}

std::optional<Admission> Entrance::admit(http::Exchange& exchange) {
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
  const std::string_view source = source_address(settings_, exchange);
  Visitor visitor;
  if (is_trusted_loopback(settings_, exchange)) {
    visitor.trusted = true;
  } else {
    const Identified identified = identify(exchange, source);
    visitor = identified.visitor;
    if (identified.denied &&
        (request.upgrade || !needs_no_credential(request.method, request.path))) {
      tell(*identified.denied, source);
      refuse(exchange, refusals_.answer(*identified.denied));
      return {};
    }
  }
  const auto way = find_way(exchange, visitor, source);
  if (!way) return {};
  auto upstream = pick(*way);
  if (!upstream) {
    refuse(exchange, refusals_.answer(upstream.error()));
    return {};
  }
  if (visitor.caller != nullptr) exchange.set_credential_id(visitor.caller->key_id());
  return admission(exchange, visitor, way->path, *std::move(upstream));
}

std::optional<Entrance::Way> Entrance::find_way(http::Exchange& exchange, const Visitor& visitor,
                                                std::string_view source) {
  const http::RequestHead& request = exchange.request();
  const auto named = agent_path(request.path);
  exchange.set_route(named ? "/agents/{agent}/*" : "/*");
  if (visitor.has_agent_key() && !is_within_scope(*visitor.caller, request, request.path)) {
    tell(base::Code::agent_scope_denied, source);
    refuse(exchange, Refusals::out_of_scope(starts_work(named)));
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
  } else if (visitor.has_agent_key()) {
    const auto own = policy.agents.find(visitor.caller->audience());
    if (own != policy.agents.end()) way.agent = own->second.get();
  }
  return way;
}

bool Entrance::is_within_scope(const authority::Caller& caller, const http::RequestHead& request,
                               std::string_view path) {
  const authority::Policy& policy = verifier_.policy();
  const auto is_own = [&](std::string_view name) {
    const authority::AgentFacts* agent = policy.agent_named(name);
    return agent != nullptr && agent->address == caller.audience();
  };
  for (const http::Field& field : request.fields) {
    if (is_agent_id_field(field.name) && !is_own(field.value)) return false;
  }
  // What is left after the agent's name goes to an upstream that may have routes of the same form.
  for (auto named = agent_path(path); named; named = agent_path(named->rest)) {
    if (!is_own(named->agent)) return false;
  }
  return true;
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
  if (visitor.caller != nullptr) admitted.ticket = authority::Verifier::ticket(*visitor.caller);
  if (!room_.spare_heads.empty()) {
    admitted.head = std::move(room_.spare_heads.back());
    room_.spare_heads.pop_back();
  }
  const Onward onward{.to = upstream.pool->url(),
                      .path = path,
                      .authorization = upstream.authorization,
                      .identity_fields = visitor.caller == nullptr
                                             ? std::string_view{}
                                             : visitor.caller->identity_fields(),
                      .websocket = admitted.websocket};
  append_onward_head(admitted.head, settings_, exchange, onward);
  admitted.pool = std::move(upstream.pool);
  return admitted;
}

}  // namespace kronborg::gate
