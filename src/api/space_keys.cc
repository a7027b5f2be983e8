#include <algorithm>

#include "api/known_key.h"
#include "api/space_operations.h"
#include "api/space_render.h"
#include "base/clock.h"
#include "base/json.h"
#include "spaces/keys.h"

// docs/protocol/spaces.md section 11.1.

namespace kronborg::api {
namespace {

namespace json = boost::json;
using spaces::KeyType;

constexpr std::int64_t most_grace_s = 2'592'000;
constexpr std::int64_t least_key_s = 3'600;
constexpr std::int64_t most_key_s = 31'536'000;

std::string_view secret_name(KeyType type) {
  return type == KeyType::owner ? "ownerPrivateKey" : "participantPrivateKey";
}

SpaceOutcome answer(const spaces::Rotated& rotated, KeyType type) {
  const std::string_view secret = secret_name(type);
  SpaceOutcome outcome{.secrets = {std::string(secret)}, .ends_caller = rotated.ended_caller};
  outcome.body[secret] = rotated.key.key.text().reveal();
  outcome.body["keyId"] = rotated.key.key_id;
  outcome.body["keyType"] = spaces::name_of(type);
  if (rotated.key.expires_at_ms) {
    outcome.body["keyExpiresAt"] = base::iso_time(*rotated.key.expires_at_ms);
  }
  outcome.body["previousKeyId"] = rotated.previous_key_id;
  outcome.body["previousKeyValidUntil"] = base::iso_time(rotated.previous_valid_until_ms);
  return outcome;
}

}  // namespace

base::Result<SpaceEffect> who_am_i(const SpaceDesk&, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return [caller = call.caller()](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(auto body, base::parse_json(who_is_text(caller, act.now_ms)));
    return SpaceOutcome{.body = std::move(body.as_object())};
  };
}

base::Result<SpaceEffect> list_keys(const SpaceDesk&, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return [caller = call.caller()](spaces::Act& act) -> base::Result<SpaceOutcome> {
    const std::string holder = spaces::text_of(caller.holder);
    std::optional<std::string_view> only;
    if (caller.type != KeyType::owner) only = holder;
    TRY(const auto listed, spaces::list_keys(act, caller.space, only));
    const std::string space_id = spaces::text_of(caller.space_id);
    json::array keys;
    for (const spaces::KeyRecord& key : listed) keys.emplace_back(spaces::render(key, space_id));
    return SpaceOutcome{.body = {{"keys", std::move(keys)}}};
  };
}

base::Result<SpaceEffect> rotate_key(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  const std::int64_t grace_s =
      members.integer("graceSeconds", 0, most_grace_s, Need::optional).value_or(0);
  const auto expires_in_s = members.integer("expiresIn", least_key_s, most_key_s, Need::optional);
  TRY_VOID(call.finish(members));
  if (expires_in_s) call.warn(key_expires_warning());
  return [caller = call.caller(), grace_s,
          expires_in_s](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto rotated, spaces::rotate_key(act, caller, grace_s, expires_in_s));
    return answer(rotated, caller.type);
  };
}

base::Result<SpaceEffect> revoke_key(const SpaceDesk&, const SpaceCall& call) {
  TRY(Query query, call.query());
  const bool force = query.flag("force").value_or(false);
  TRY_VOID(call.finish(query));
  return [caller = call.caller(), key_id = call.segment(1),
          force](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto key, spaces::revoke_key(act, caller, key_id, force));
    return SpaceOutcome{.body = spaces::render(key, spaces::text_of(caller.space_id)),
                        .ends_caller = key_id == spaces::text_of(caller.key_id)};
  };
}

}  // namespace kronborg::api
