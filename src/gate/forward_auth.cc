#include <array>
#include <utility>

#include "base/text.h"
#include "gate/entrance.h"

namespace kronborg::gate {

namespace {

/// nginx; Caddy and Traefik.
constexpr std::array<std::string_view, 2> uri_fields{"x-original-uri", "x-forwarded-uri"};

bool is_uri_field(std::string_view name) {
  return base::equal_ignoring_case(name, uri_fields[0]) ||
         base::equal_ignoring_case(name, uri_fields[1]);
}

}  // namespace

bool is_forward_auth(std::string_view path) { return path == "/gate/verify"; }

bool Entrance::original_is_within_scope(const authority::Caller& caller,
                                        const http::RequestHead& request) {
  if (!is_within_scope(caller, request, {})) return false;
  // A client can add the field that its proxy does not set: then both have to be within scope.
  for (const http::Field& field : request.fields) {
    if (!is_uri_field(field.name)) continue;
    const std::string_view path = field.value.substr(0, field.value.find('?'));
    if (!is_unambiguous(path) || !is_within_scope(caller, request, path)) return false;
  }
  return true;
}

void Entrance::answer_forward_auth(http::Exchange& exchange) {
  const http::RequestHead& request = exchange.request();
  const std::string_view source = source_address(settings_, exchange);
  exchange.set_route("/gate/verify");
  // Never trusted by its address: whoever asks is a proxy that speaks for somebody else.
  const Identified identified = identify(exchange, source);
  const authority::Caller* caller = identified.visitor.caller;
  const bool within = caller != nullptr && (!identified.visitor.has_agent_key() ||
                                            original_is_within_scope(*caller, request));
  if (within) {
    exchange.set_credential_id(caller->key_id());
    verified_head_.resize(verified_fixed_);
    verified_head_.append(caller->identity_fields());
    exchange.respond_prepared(verified_head_, {});
    return;
  }
  const base::Code code = identified.denied.value_or(base::Code::agent_scope_denied);
  tell(code, source);
  const bool by_proxy = request.field(uri_fields[0]) || request.field(uri_fields[1]);
  if (by_proxy) {
    exchange.respond(refusals_.bare(code));
  } else if (identified.denied) {
    exchange.respond(refusals_.answer(code));
  } else {
    exchange.respond(Refusals::out_of_scope(false));
  }
}

}  // namespace kronborg::gate
