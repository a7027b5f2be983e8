#include <functional>
#include <string>
#include <vector>

#include "api/listing.h"
#include "api/members.h"
#include "api/operations.h"
#include "api/query.h"
#include "api/render.h"

namespace kronborg::api {
namespace {

constexpr std::size_t max_reason = 200;
constexpr std::size_t max_nonce_bytes = 128;  // identity.md 5.2

using Dies = std::function<bool(const authority::KeyRecord&)>;

/// The live keys that would die, for people to look at: the first max_page of them.
base::Result<boost::json::array> dying_keys(const Desk& desk, const Dies& dies) {
  boost::json::array dying;
  authority::Page page{.limit = max_page};
  const std::int64_t now_ms = desk.nouns.parts.clock.now_ms();
  for (bool more = true; more && dying.size() < max_page;) {
    TRY(const auto keys, desk.nouns.access_keys.list({}, page));
    for (const auto& key : keys.items) {
      if (dies(key) && dying.size() < max_page) dying.emplace_back(render(key, now_ms));
    }
    page.after = keys.last;
    more = keys.has_more;
  }
  return dying;
}

base::Result<Outcome> answer(const Desk& desk, std::int64_t revoked, bool dry_run,
                             const Dies& dies) {
  Outcome outcome{.body = {{"revoked", revoked}}};
  if (dry_run) {
    TRY(auto keys, dying_keys(desk, dies));
    outcome.body["dryRun"] = true;
    outcome.body["accessKeys"] = std::move(keys);
  }
  return outcome;
}

/// The last thing that is read; then accepted().
base::Result<bool> read_dry_run(const OwnerCall& call) {
  TRY(Query query, Query::read(call.query()));
  const bool dry_run = query.flag("dryRun").value_or(false);
  TRY_VOID(query.finish());
  TRY_VOID(call.accepted());
  return dry_run;
}

}  // namespace

base::Result<Outcome> revoke_access_key(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto reason = members.line("reason", max_reason, Need::optional);
  TRY_VOID(members.finish());
  TRY(const bool dry_run, read_dry_run(call));
  TRY(const auto key, desk.nouns.access_keys.find(call.segment()));
  TRY(const std::int64_t revoked,
      desk.nouns.access_keys.revoke(call.actor(), key.id, reason, dry_run));
  return answer(desk, revoked, dry_run, [&](const auto& live) { return live.id == key.id; });
}

base::Result<Outcome> revoke_access_keys_before(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const bool inclusive = members.flag("inclusive").value_or(false);
  TRY_VOID(members.finish());
  TRY(const bool dry_run, read_dry_run(call));
  TRY(const auto key, desk.nouns.access_keys.find(call.segment()));
  TRY(const std::int64_t revoked,
      desk.nouns.access_keys.revoke_before(call.actor(), key.id, inclusive, dry_run));
  return answer(desk, revoked, dry_run, [&](const auto& live) {
    return live.issuer == key.issuer &&
           (live.counter < key.counter || (inclusive && live.counter == key.counter));
  });
}

base::Result<Outcome> forget_access_key(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto key, desk.nouns.access_keys.find(call.segment()));
  TRY(const std::int64_t revoked, desk.nouns.access_keys.forget(call.actor(), key.id));
  return Outcome{.body = {{"id", key.id}, {"revoked", revoked}}};
}

base::Result<Outcome> create_revocation(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto issuer = members.address("issuer", Need::required);
  const auto nonce = members.bytes("nonce", max_nonce_bytes, Need::optional);
  const auto up_to = members.counter("upToCounter", Need::optional);
  if (members.has("nonce") && members.has("upToCounter")) {
    members.fault("upToCounter", "not_allowed",
                  "Name one key by its nonce, or a counter, not both.");
  }
  TRY_VOID(members.finish());
  TRY(const bool dry_run, read_dry_run(call));
  authority::AccessKeys& keys = desk.nouns.access_keys;
  if (nonce) {
    TRY(const std::int64_t revoked, keys.revoke_nonce(call.actor(), *issuer, *nonce, dry_run));
    return answer(desk, revoked, dry_run,
                  [&](const auto& live) { return live.issuer == *issuer && live.nonce == *nonce; });
  }
  TRY(const std::int64_t revoked, keys.revoke_issuer(call.actor(), *issuer, up_to, dry_run));
  return answer(desk, revoked, dry_run, [&](const auto& live) {
    return live.issuer == *issuer && (!up_to || live.counter <= *up_to);
  });
}

}  // namespace kronborg::api
