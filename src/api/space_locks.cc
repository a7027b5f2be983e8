#include <fmt/format.h>

#include <array>
#include <boost/json/array.hpp>

#include "api/space_operations.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/text.h"
#include "spaces/artifact.h"
#include "spaces/signature.h"

// docs/protocol/spaces.md sections 9.3 and 9.4.

namespace kronborg::api {
namespace {

namespace json = boost::json;
using base::Code;
using spaces::Artifact;

constexpr std::int64_t least_lease_s = 10;
constexpr std::int64_t most_lease_s = 600;
constexpr std::int64_t standard_lease_s = 60;
constexpr std::int64_t most_wait_s = 30;
constexpr std::int64_t largest_number = (std::int64_t{1} << 53U) - 1;
constexpr std::size_t sha256_digits = 64;
constexpr std::size_t most_signature_bytes = 4'096;  // one that is malformed is the domain's to say
constexpr std::array<std::string_view, 2> intents = {"approve", "acknowledge"};

std::int64_t lease_of(Members& members) {
  return members.integer("leaseSeconds", least_lease_s, most_lease_s, Need::optional)
      .value_or(standard_lease_s);
}

SpaceOutcome granted(const Artifact& artifact) {
  return {.body = {
              {"artifactId", artifact.id},
              {"fencingToken", artifact.lock_token},
              {"lockedBy", artifact.lock_holder.value_or("")},
              {"lockedByName", artifact.lock_holder_name.value_or("")},
              {"lockExpiresAt", base::iso_time(artifact.lock_until_ms.value_or(0))},
              {"revision", artifact.revision},
              {"sha256", artifact.sha256},
          }};
}

std::string sha256_of(Members& members) {
  const auto text = members.bytes("sha256", sha256_digits, Need::required);
  if (!text) return {};
  std::string digits = base::lower(*text);
  if (digits.size() != sha256_digits || !base::hex_strict(digits))
    members.fault("sha256", "bad_pattern", "It must be 64 hexadecimal digits.");
  return digits;
}

}  // namespace

base::Result<SpaceEffect> lock_artifact(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  const std::int64_t lease_s = lease_of(members);
  const std::int64_t asked_s = members.integer("wait", 0, most_wait_s, Need::optional).value_or(0);
  TRY_VOID(call.finish(members));
  const std::int64_t wait_s = call.may_hold() ? asked_s : 0;
  return [caller = call.caller(), id = call.segment(1), lease_s,
          wait_s](spaces::Act& act) -> base::Result<SpaceOutcome> {
    auto locked = spaces::lock_artifact(act, caller, id, lease_s);
    if (locked) return granted(*locked);
    if (locked.error().code != Code::artifact_locked || wait_s == 0)
      return std::move(locked).error();
    return SpaceOutcome{.wait_after = -1, .wait_s = wait_s};
  };
}

base::Result<SpaceEffect> renew_lock(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  const std::int64_t token =
      members.integer("fencingToken", 0, largest_number, Need::required).value_or(0);
  const std::int64_t lease_s = lease_of(members);
  TRY_VOID(call.finish(members));
  return [caller = call.caller(), id = call.segment(1), token,
          lease_s](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const Artifact artifact, spaces::renew_lock(act, caller, id, token, lease_s));
    return granted(artifact);
  };
}

base::Result<SpaceEffect> unlock_artifact(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  const bool force = members.flag("force").value_or(false);
  const auto token =
      members.integer("fencingToken", 0, largest_number, force ? Need::optional : Need::required);
  TRY_VOID(call.finish(members));
  return [caller = call.caller(), id = call.segment(1), token,
          force](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const bool changed, spaces::unlock_artifact(act, caller, id, token, force));
    return SpaceOutcome{.body = {{"artifactId", id}, {"locked", false}, {"changed", changed}}};
  };
}

base::Result<SpaceEffect> sign_artifact(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  spaces::NewSignature wanted;
  wanted.revision = members.integer("revision", 1, largest_number, Need::required).value_or(0);
  wanted.sha256 = sha256_of(members);
  wanted.intent = members.one_of("intent", intents, Need::optional).value_or("approve");
  wanted.signature = members.bytes("signature", most_signature_bytes, Need::required).value_or("");
  TRY_VOID(call.finish(members));
  return [caller = call.caller(), id = call.segment(1),
          wanted = std::move(wanted)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const spaces::Signature made, spaces::sign_artifact(act, caller, id, wanted));
    return SpaceOutcome{.body = spaces::render(made)};
  };
}

base::Result<SpaceEffect> list_signatures(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Query query, call.query());
  const auto revision = query.integer("revision", 1, largest_number);
  const std::string list =
      fmt::format("{}/artifacts/{}/signatures", call.segment(0), call.segment(1));
  TRY(const Paged paged, read_paged(desk, query, list, 100, 500));
  TRY_VOID(call.finish(query));
  return [&desk, space = call.caller().space, id = call.segment(1), revision, list,
          paged](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const Artifact artifact, spaces::read_artifact(act, space, id));
    TRY(const auto page,
        spaces::list_signatures(act, artifact.id, revision, paged.after, paged.limit));
    json::array signatures;
    for (const spaces::Signature& signature : page.items)
      signatures.emplace_back(spaces::render(signature));
    SpaceOutcome outcome{.body = {{"signatures", std::move(signatures)}}};
    add_cursor(desk, outcome.body, list, page.last, page.has_more);
    return outcome;
  };
}

}  // namespace kronborg::api
