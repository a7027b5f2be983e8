#include <fmt/format.h>

#include "api/join_guard.h"
#include "api/space_operations.h"
#include "api/space_render.h"
#include "base/clock.h"
#include "spaces/join.h"

// docs/protocol/spaces.md section 6.

namespace kronborg::api {
namespace {

namespace json = boost::json;
using base::Code;

constexpr std::size_t max_name = 80;
constexpr std::size_t max_signature_bytes = 4'096;  // a malformed one is the domain's to refuse
constexpr std::int64_t least_key_life_s = 3'600;
constexpr std::int64_t most_key_life_s = 31'536'000;
constexpr std::int64_t polling_interval_ms = 5'000;  // section 8.3: for pending joins

/// `identity` of a join.
base::Result<std::optional<spaces::NewJoin::Proof>> proof_of(const SpaceCall& call,
                                                             Members& members) {
  auto given = members.object("identity");
  if (!given) return std::optional<spaces::NewJoin::Proof>();
  Members inner = Members::of(*std::move(given));
  inner.set_place("/identity");
  spaces::NewJoin::Proof proof;
  proof.challenge_id = inner.uuid("challengeId", Need::required).value_or("");
  proof.signature = inner.bytes("signature", max_signature_bytes, Need::required).value_or("");
  TRY(Query none, Query::read(""));  // that of the request is judged with the whole body
  TRY_VOID(call.finish(inner, none));
  return std::optional(std::move(proof));
}

SpaceOutcome approved(const spaces::Joined& joined) {
  const spaces::Participant& participant = joined.participant;
  const base::SecretText key = joined.key->key.text();
  json::object body;
  body["status"] = "approved";
  body["spaceId"] = joined.space.id;
  body["participantId"] = participant.id;
  body["participantPrivateKey"] = key.reveal();
  body["keyId"] = joined.key->key_id;
  body["keyType"] = name_of(participant.key_type);
  if (const auto end = joined.key->expires_at_ms) body["keyExpiresAt"] = base::iso_time(*end);
  body["name"] = participant.name;
  body["lastSeq"] = joined.space.last_seq;
  body["userLinked"] = false;
  return {.body = std::move(body), .secrets = {"participantPrivateKey"}};
}

SpaceOutcome pending(const spaces::Joined& joined, const std::string& origin) {
  const spaces::Participant& participant = joined.participant;
  json::object body;
  body["status"] = "pending";
  body["spaceId"] = joined.space.id;
  body["participantId"] = participant.id;
  if (joined.join_token) {
    const base::SecretText token = joined.join_token->text();
    body["joinToken"] = token.reveal();
  }
  body["keyType"] = name_of(participant.key_type);
  body["name"] = participant.name;
  body["pollUrl"] =
      fmt::format("{}/oresundspace/space/{}/join/{}", origin, joined.space.id, participant.id);
  body["expiresAt"] = base::iso_time(participant.request_ends_at_ms.value_or(0));
  body["suggestedPollingIntervalMs"] = polling_interval_ms;
  body["userLinked"] = false;
  return {.body = std::move(body), .status = 202, .secrets = {"joinToken"}};
}

SpaceOutcome poll_outcome(const spaces::JoinState& state) {
  using Kind = spaces::JoinState::Kind;
  const spaces::Participant& participant = state.participant;
  SpaceOutcome outcome;
  json::object& body = outcome.body;
  body["status"] = state.kind == Kind::pending ? "pending" : "approved";
  body["participantId"] = participant.id;
  switch (state.kind) {
    case Kind::pending:
      outcome.status = 202;
      body["expiresAt"] = base::iso_time(participant.request_ends_at_ms.value_or(0));
      body["suggestedPollingIntervalMs"] = polling_interval_ms;
      break;
    case Kind::needs_token:
      body["keyDelivered"] = false;
      body["needs"] = "joinToken";
      break;
    case Kind::delivered:
      body["keyDelivered"] = true;
      break;
    case Kind::collect_now: {
      const base::SecretText key = state.key->key.text();
      body["participantPrivateKey"] = key.reveal();
      body["keyId"] = state.key->key_id;
      body["keyType"] = name_of(participant.key_type);
      if (const auto end = state.key->expires_at_ms) body["keyExpiresAt"] = base::iso_time(*end);
      body["name"] = participant.name;
      body["lastSeq"] = state.last_seq;
      body["keyDelivered"] = true;
      outcome.secrets = {"participantPrivateKey"};
      break;
    }
  }
  return outcome;
}

base::Error too_many_guesses(std::int64_t seconds) {
  return base::Error(Code::rate_limited, "Too many wrong join tokens were sent for this join.")
      .with({.name = "policies", .value = std::vector<std::string>{"join-token"}})
      .with({.name = "retryAfter", .value = seconds});
}

}  // namespace

base::Result<SpaceEffect> join_space(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Members members, call.members());
  spaces::NewJoin wanted;
  wanted.name = members.line("name", max_name, Need::required).value_or("");
  wanted.role = members.line_or_empty("role", max_name, Need::optional);
  if (wanted.role && wanted.role->empty()) wanted.role.reset();
  TRY(wanted.proof, proof_of(call, members));
  wanted.key_expires_in_s =
      members.integer("keyExpiresIn", least_key_life_s, most_key_life_s, Need::optional);
  wanted.chosen_token = call.join_token();
  TRY_VOID(call.finish(members));
  if (wanted.key_expires_in_s) call.warn(key_expires_warning());
  return
      [&desk, &call, wanted = std::move(wanted)](spaces::Act& act) -> base::Result<SpaceOutcome> {
        TRY(const auto joined, spaces::join(act, call.caller(), wanted));
        if (joined.name_changed) {
          call.warn({.code = "name_changed",
                     .pointer = "/name",
                     .message = "Another participant has this name; a number was appended."});
        }
        SpaceOutcome outcome = joined.key ? approved(joined) : pending(joined, desk.parts.origin);
        outcome.ends_caller = joined.ended_invitation;
        return outcome;
      };
}

base::Result<SpaceEffect> get_join_status(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Query query, call.query());
  (void)query.text("joinToken", 64);  // read with the credentials
  TRY_VOID(call.finish(query));
  const std::string id = call.segment(1);
  if (const auto seconds = desk.join_guard.closed_for(id, desk.parts.time.now_ms())) {
    return too_many_guesses(*seconds);
  }
  // Under a read it finds out; only when there is a key to collect it is done again under a write.
  return [&desk, caller = call.caller(), id, token = call.join_token(),
          may_mint = false](spaces::Act& act) mutable -> base::Result<SpaceOutcome> {
    const auto state = spaces::poll_join(act, caller, id, token, may_mint);
    if (!state) {
      if (state.error().code == Code::join_token_invalid) desk.join_guard.wrong(id, act.now_ms);
      return state.error();
    }
    if (state->kind == spaces::JoinState::Kind::collect_now && !may_mint) {
      may_mint = true;
      return SpaceOutcome{.needs_write = true};
    }
    return poll_outcome(*state);
  };
}

}  // namespace kronborg::api
