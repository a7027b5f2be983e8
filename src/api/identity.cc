#include "authority/identity.h"

#include <array>
#include <filesystem>
#include <string_view>

#include "api/members.h"
#include "api/operations.h"
#include "base/clock.h"
#include "keyholder/keyholder.h"

namespace kronborg::api {
namespace {

constexpr std::array<std::string_view, 2> keystore_names = {"passphrase", "file"};
constexpr std::size_t max_passphrase_bytes = 1024;
constexpr std::size_t max_path = 4096;

base::Result<Outcome> state_of(const Desk& desk) {
  TRY(auto body, current_identity(desk));
  if (!body) return base::Code::identity_missing;
  return Outcome{.body = *std::move(body)};
}

base::Result<authority::CreateIdentity> read_new_identity(std::string_view body) {
  TRY(Members members, Members::read(body));
  authority::CreateIdentity request;
  const auto kind = members.one_of("keystore", keystore_names, Need::optional);
  if (kind) request.kind = *keyholder::kind_named(*kind);
  const bool unclear = members.has("keystore") && !kind;
  const bool sealed = request.kind == keyholder::KeystoreKind::passphrase;
  auto passphrase = members.secret("passphrase", max_passphrase_bytes,
                                   sealed && !unclear ? Need::required : Need::optional);
  if (!sealed && passphrase) {
    members.fault("passphrase", "not_allowed", "The keystore kind \"file\" has no passphrase.");
  }
  const auto folder = members.bytes("recoveryDir", max_path, Need::optional);
  if (folder && !std::filesystem::path(*folder).is_absolute()) {
    members.fault("recoveryDir", "bad_pattern", "It must be an absolute path on the host.");
  }
  request.replace = members.address("replace", Need::optional);
  TRY_VOID(members.finish());
  if (passphrase) request.passphrase = std::move(*passphrase);
  if (folder) request.recovery_folder = *folder;
  return request;
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
  boost::json::object body;
  body["masterAddress"] = facts->master.text();
  body["deviceId"] = facts->device_id;
  body["deviceKind"] = "software";
  body["keystore"] = facts->keystore;
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
  auto passphrase = members.secret("passphrase", max_passphrase_bytes, Need::optional);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY_VOID(desk.nouns.identity.unlock(call.actor(),
                                      passphrase ? std::move(*passphrase) : base::SecretText()));
  return state_of(desk);
}

base::Result<Outcome> lock_identity(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY_VOID(desk.nouns.identity.lock(call.actor()));
  return state_of(desk);
}

}  // namespace kronborg::api
