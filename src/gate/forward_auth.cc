#include <array>
#include <utility>

#include "base/text.h"
#include "gate/entrance.h"

namespace kronborg::gate {

namespace {

/// nginx; Caddy and Traefik.
constexpr std::array<std::string_view, 2> uri_fields{"x-original-uri", "x-forwarded-uri"};

constexpr std::array<std::string_view, 2> method_fields{"x-original-method", "x-forwarded-method"};

bool is_one_of(const std::array<std::string_view, 2>& names, std::string_view name) {
  return base::equal_ignoring_case(name, names[0]) || base::equal_ignoring_case(name, names[1]);
}

struct Action {
  std::string_view method, path;
};

/// What a request token has to name: the original request, when the proxy tells of one. A client
/// can add the fields that its proxy does not set: all that are there have to agree, and without a
/// method no action fits.
Action original_action(const http::RequestHead& request) {
  std::optional<std::string_view> path;
  std::optional<std::string_view> method;
  bool agree = true;
  const auto note = [&](std::optional<std::string_view>& known, std::string_view value) {
    agree = agree && known.value_or(value) == value;
    known = value;
  };
  for (const http::Field& field : request.fields) {
    if (is_one_of(uri_fields, field.name)) {
      note(path, field.value.substr(0, field.value.find('?')));
    } else if (is_one_of(method_fields, field.name)) {
      note(method, field.value);
    }
  }
  if (!path) return {request.method, request.path};
  if (!agree || !method) return {};
  return {*method, *path};
}

}  // namespace

bool is_forward_auth(std::string_view path) { return path == "/gate/verify"; }

bool Entrance::original_is_within_scope(Visitor& visitor, const http::RequestHead& request) {
  // A client can add the field that its proxy does not set: then both have to be within scope.
  for (const http::Field& field : request.fields) {
    if (!is_one_of(uri_fields, field.name)) continue;
    const std::string_view path = field.value.substr(0, field.value.find('?'));
    if (!is_unambiguous(path) || !is_within_scope(visitor, request, path)) return false;
  }
  return is_within_scope(visitor, request, {});
}

Visitor Entrance::receive_forward_auth(const http::Exchange& exchange) {
  const Action action = original_action(exchange.request());
  // Never trusted by its address: whoever asks is a proxy that speaks for somebody else.
  return identify(exchange, action.method, action.path);
}

void Entrance::answer_forward_auth(http::Exchange& exchange, Visitor& visitor) {
  const http::RequestHead& request = exchange.request();
  exchange.set_route("/gate/verify");
  const bool within = !visitor.refused &&
                      (!visitor.has_agent_scope() || original_is_within_scope(visitor, request));
  if (within) {
    note_credential(exchange, *visitor.caller());
    verified_head_.resize(verified_fixed_);
    verified_head_.append(visitor.caller()->identity_fields());
    exchange.respond_prepared(verified_head_, {});
    return;
  }
  const base::Code code = visitor.refused ? visitor.refused->code : base::Code::agent_scope_denied;
  tell(code, source_address(settings_, exchange));
  const bool by_proxy = request.field(uri_fields[0]) || request.field(uri_fields[1]);
  if (by_proxy) {
    exchange.respond(refusals_.bare(code));
  } else if (visitor.refused) {
    exchange.respond(refusals_.answer(*visitor.refused));
  } else {
    exchange.respond(Refusals::out_of_scope(false));
  }
}

}  // namespace kronborg::gate
