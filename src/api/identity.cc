#include "authority/identity.h"

#include <string_view>

#include "api/keystore_members.h"
#include "api/members.h"
#include "api/operations.h"
#include "base/clock.h"
#include "keyholder/keyholder.h"

namespace kronborg::api {
namespace {

base::Result<Outcome> state_of(const Desk& desk) {
  TRY(auto body, current_identity(desk));
  if (!body) return base::Code::identity_missing;
  return Outcome{.body = *std::move(body)};
}

base::Result<authority::CreateIdentity> read_new_identity(std::string_view body) {
  TRY(Members members, Members::read(body));
  auto request = read_keystore(members);
  TRY_VOID(members.finish());
  return request;
}

std::string_view asked_name(keyholder::Asks asks) {
  switch (asks) {
    case keyholder::Asks::nothing:
      return "nothing";
    case keyholder::Asks::passphrase:
      return "passphrase";
    case keyholder::Asks::pin:
      return "pin";
  }
  return {};
}

}  // namespace

base::Result<std::optional<boost::json::object>> current_identity(const Desk& desk) {
  TRY(const auto facts, desk.nouns.identity.facts());
  if (!facts) return std::optional<boost::json::object>();
  boost::json::object recovery;
  recovery["bundlePath"] = (desk.nouns.parts.data_folder / "recovery.json").string();
  if (facts->recovery_folder) recovery["recoveryDir"] = *facts->recovery_folder;
  if (facts->bundle_updated_at_ms)
    recovery["updatedAt"] = base::iso_time(*facts->bundle_updated_at_ms);
  TRY(const auto last_drill, desk.nouns.identity.last_drill());
  if (last_drill) recovery["lastDrillAt"] = base::iso_time(*last_drill);
  boost::json::object body;
  body["masterAddress"] = facts->master.text();
  body["deviceId"] = facts->device_id;
  body["deviceKind"] = desk.nouns.parts.key_holder.in_tpm(facts->device_id) ? "tpm2" : "software";
  body["keystore"] = facts->keystore;
  // Without a keystore there is nothing to unlock.
  if (const auto keystore = desk.nouns.parts.key_holder.keystore()) {
    body["unlockWith"] = asked_name(keystore->asks);
  }
  body["locked"] = desk.nouns.parts.key_holder.locked();
  body["createdAt"] = base::iso_time(facts->created_at_ms);
  body["recovery"] = std::move(recovery);
  return std::optional(std::move(body));
}

base::Result<Outcome> get_identity(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  return state_of(desk);
}

base::Result<Outcome> create_identity(const Desk& desk, const OwnerCall& call) {
  TRY(auto request, read_new_identity(call.body()));
  TRY_VOID(accept_no_query(call));
  TRY(const auto created, desk.nouns.identity.create(call.actor(), std::move(request)));
  TRY(Outcome outcome, state_of(desk));
  outcome.status = 201;
  outcome.secrets = {"recoveryCode"};
  outcome.body["recoveryCode"] = boost::json::string(created.recovery_code.reveal());
  return outcome;
}

base::Result<Outcome> unlock_identity(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto secret = read_opening_secret(members);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY_VOID(desk.nouns.identity.unlock(call.actor(), secret));
  return state_of(desk);
}

base::Result<Outcome> lock_identity(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY_VOID(desk.nouns.identity.lock(call.actor()));
  return state_of(desk);
}

}  // namespace kronborg::api
