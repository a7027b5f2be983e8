#include "api/pairing_door.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "authority/verify.h"
#include "pairing/error_bodies.h"

namespace kronborg::api {
namespace {

using base::Code;

constexpr std::array<PairingRouteFacts, 7> table{{
    {.path = "/pair/challenge", .method = "GET", .phone_form = false},
    {.path = "/pair", .method = "POST", .phone_form = false},
    {.path = "/pair/hello", .method = "GET", .phone_form = true},
    {.path = "/pair/code", .method = "POST", .phone_form = true},
    {.path = "/pair/confirm", .method = "POST", .phone_form = true},
    {.path = "/pair/unpair", .method = "POST", .phone_form = true},
    {.path = "/pair-invite", .method = "POST", .phone_form = false},
}};

constexpr std::size_t verifier_slots = 16;

authority::Actor actor_of(const PairingCall& call) {
  return {
      .actor = "connector", .source_address = call.source_address, .request_id = call.request_id};
}

pairing::PhoneSource phone_source(const PairingCall& call) {
  return {.address = call.source_address, .relayed = call.relayed};
}

PairingReply reply_of(PairingRoute route, const base::Result<std::string>& answered) {
  if (!answered) return {.response = PairingDoor::refusal(route, answered.error())};
  PairingReply reply;
  reply.response.body = *answered;
  return reply;
}

PairingReply reply_of(PairingRoute route, const base::Result<pairing::Answered200>& answered) {
  if (!answered) return {.response = PairingDoor::refusal(route, answered.error())};
  PairingReply reply;
  reply.response.body = answered->body.reveal();
  reply.key_id = answered->key_id;
  return reply;
}

}  // namespace

const PairingRouteFacts& facts(PairingRoute route) {
  return table.at(static_cast<std::size_t>(route));
}

std::optional<PairingRoute> pairing_route(std::string_view path) {
  if (!path.starts_with("/pair")) return std::nullopt;
  const auto found = std::ranges::find(table, path, &PairingRouteFacts::path);
  if (found == table.end()) return std::nullopt;
  return static_cast<PairingRoute>(found - table.begin());
}

Response PairingDoor::refusal(PairingRoute route, const base::Error& error) {
  Response response;
  response.status = error.status();
  response.body =
      facts(route).phone_form ? pairing::phone_error(error) : pairing::flat_error(error);
  for (const base::Detail& detail : error.details) {
    const auto* seconds = std::get_if<std::int64_t>(&detail.value);
    if (detail.name == "retryAfter" && seconds != nullptr) {
      response.fields.emplace_back("Retry-After", std::to_string(*seconds));
    }
  }
  return response;
}

Response PairingDoor::too_large(std::size_t size) {
  Response response;
  response.status = base::facts(Code::body_too_large).http_status;
  response.body = pairing::body_too_large_error(size);
  return response;
}

PairingReply PairingDoor::answer(PairingRoute route, const PairingCall& call) {
  switch (route) {
    case PairingRoute::challenge:
      return reply_of(route, endpoints_.prompts.challenge(call.source_address, call.query));
    case PairingRoute::hello:
      return reply_of(route, endpoints_.phones.hello(phone_source(call)));
    case PairingRoute::code:
      return reply_of(route, endpoints_.phones.code(phone_source(call), call.body.reveal()));
    case PairingRoute::confirm:
      return reply_of(
          route, endpoints_.phones.confirm(actor_of(call), phone_source(call), call.body.reveal()));
    case PairingRoute::unpair:
      return unpair(call);
    case PairingRoute::invite:
      return reply_of(route, endpoints_.invite_door.answer(actor_of(call), call.source_address,
                                                           call.body.reveal()));
    case PairingRoute::pair:
      break;
  }
  return {.response = refusal(route, Code::internal_error)};
}

base::Result<pairing::Asked> PairingDoor::ask(const PairingCall& call,
                                              pairing::Requests::Decided decided) {
  return endpoints_.prompts.ask(call.source_address, call.body.reveal(), std::move(decided),
                                call.request_id);
}

PairingReply PairingDoor::answer(const pairing::Asked& asked, const pairing::Decision& decision) {
  return reply_of(PairingRoute::pair, endpoints_.prompts.answer(asked, decision));
}

void PairingDoor::withdraw(const pairing::Asked& asked) {
  // Its audit row is the only thing that can fail, and nobody is there to be told.
  static_cast<void>(endpoints_.prompts.withdraw(asked));
}

base::Result<void> PairingDoor::undelivered(const PairingCall& call, std::string_view key_id) {
  return pairing::undelivered(endpoints_.parts, actor_of(call), key_id);
}

PairingReply PairingDoor::unpair(const PairingCall& call) {
  authority::Verifier verifier(authority_.board, authority_.clock, verifier_slots);
  const authority::Decision decision =
      call.bearer == nullptr ? authority::Decision(verifier.missing())
                             : verifier.verify(call.bearer->reveal(), call.source_address);
  if (const auto* denied = std::get_if<authority::Denied>(&decision)) {
    return {.response = refusal(PairingRoute::unpair, denied->error())};
  }
  const std::string key_id(std::get<const authority::Caller*>(decision)->key_id());
  if (auto done = endpoints_.phones.unpair(actor_of(call), key_id); !done) {
    return {.response = refusal(PairingRoute::unpair, done.error())};
  }
  PairingReply reply;
  reply.response.body = R"({"ok":true})";
  return reply;
}

}  // namespace kronborg::api
