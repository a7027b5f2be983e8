#include <cstddef>
#include <string_view>
#include <utility>

#include "api/keystore_members.h"
#include "api/members.h"
#include "api/operations.h"
#include "authority/identity.h"
#include "base/clock.h"

// The recovery of docs/protocol/identity.md section 14.3 over the management API.

namespace kronborg::api {
namespace {

constexpr std::size_t max_bundle_bytes = std::size_t{33} << 20U;
constexpr std::size_t max_code_bytes = 256;
constexpr std::size_t max_words_bytes = 1024;

base::Result<authority::RecoverIdentity> read_recovery(std::string_view body) {
  TRY(Members members, Members::read(body));
  authority::RecoverIdentity request;
  request.keystore = read_keystore(members);
  request.bundle = members.bytes("bundle", max_bundle_bytes, Need::optional);
  const bool with_words = members.has("words");
  auto words = members.secret("words", max_words_bytes, Need::optional);
  auto code = members.secret("code", max_code_bytes, with_words ? Need::optional : Need::required);
  const auto keep = members.flag("keepKeys");
  if (with_words && (code || request.bundle)) {
    members.fault("words", "not_allowed", "With words there is neither bundle nor code.");
  }
  // Words hold no revocations: what becomes of earlier keys has to be said.
  if (with_words && !members.has("keepKeys")) members.missing("keepKeys");
  TRY_VOID(members.finish());
  if (words) request.words = std::move(*words);
  if (code) request.code = std::move(*code);
  if (keep == false) request.earlier = identity::EarlierKeys::revoke;
  return request;
}

}  // namespace

base::Result<Outcome> recover_identity(const Desk& desk, const OwnerCall& call) {
  TRY(auto request, read_recovery(call.body()));
  TRY_VOID(accept_no_query(call));
  TRY(const auto recovered, desk.nouns.identity.recover(call.actor(), std::move(request)));
  TRY(auto body, current_identity(desk));
  Outcome outcome;
  if (body) outcome.body = *std::move(body);
  outcome.secrets = {"recoveryCode"};
  // Every address was derived anew and compared; a recovery that does not match is refused.
  outcome.body["matches"] = true;
  outcome.body["agents"] = recovered.agents;
  if (recovered.bundle_updated_at) {
    outcome.body["bundleUpdatedAt"] = base::iso_time(*recovered.bundle_updated_at * 1000);
  }
  outcome.body["recoveryCode"] = boost::json::string(recovered.recovery_code.reveal());
  return outcome;
}

base::Result<Outcome> drill_recovery(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  auto bundle = members.bytes("bundle", max_bundle_bytes, Need::optional);
  const auto code = members.secret("code", max_code_bytes, Need::required);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto result, desk.nouns.identity.drill(call.actor(), std::move(bundle), *code));
  const auto& facts = result.drill.bundle;
  return Outcome{.body = {{"masterAddress", facts.master.text()},
                          {"matches", result.matches},
                          {"agents", result.drill.agents},
                          {"generation", facts.generation},
                          {"bundleUpdatedAt", base::iso_time(facts.updated_at * 1000)}}};
}

base::Result<Outcome> new_recovery_code(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto secret = read_opening_secret(members);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto code, desk.nouns.identity.new_code(call.actor(), secret));
  Outcome outcome;
  outcome.secrets = {"recoveryCode"};
  outcome.body["recoveryCode"] = boost::json::string(code.reveal());
  return outcome;
}

base::Result<Outcome> show_recovery_words(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto secret = read_opening_secret(members);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto words, desk.nouns.identity.words(call.actor(), secret));
  Outcome outcome;
  outcome.secrets = {"words"};
  outcome.body["words"] = boost::json::string(words.reveal());
  return outcome;
}

}  // namespace kronborg::api
