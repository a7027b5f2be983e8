#include <array>
#include <string>
#include <string_view>

#include "api/listing.h"
#include "api/members.h"
#include "api/operations.h"
#include "api/query.h"
#include "api/render.h"
#include "credential/access_key.h"

namespace kronborg::api {
namespace {

constexpr std::size_t max_search = 80;
constexpr std::array<std::string_view, 4> expiry_names = {"30d", "90d", "1y", "never"};

std::string list_id(const authority::KeyFilter& filter) {
  std::string id = "access-keys";
  if (filter.all) id += "?all";
  if (filter.agent_id) id += "?agentId=" + *filter.agent_id;
  if (filter.q) id += "?q=" + *filter.q;
  return id;
}

}  // namespace

base::Result<Outcome> list_access_keys(const Desk& desk, const OwnerCall& call) {
  TRY(Query query, Query::read(call.query()));
  authority::KeyFilter filter;
  filter.all = query.flag("all").value_or(false);
  filter.agent_id = query.uuid("agentId");
  filter.q = query.text("q", max_search);
  TRY(const authority::Page page, read_page(desk, query, list_id(filter)));
  TRY_VOID(query.finish());
  TRY_VOID(call.accepted());
  TRY(const auto keys, desk.nouns.access_keys.list(filter, page));
  const std::int64_t now_ms = desk.nouns.parts.clock.now_ms();
  return listed(desk, "accessKeys", list_id(filter), keys,
                [&](const auto& key) { return render(key, now_ms); });
}

base::Result<Outcome> create_access_key(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  authority::NewKey key;
  auto label = members.label("label", Need::required);
  key.agent_id = members.uuid("agentId", Need::optional);
  const auto expires = members.one_of("expires", expiry_names, Need::optional);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  key.label = std::move(*label);
  if (expires) key.expiry = *credential::expiry_named(*expires);
  key.source = "cli";
  TRY(const auto minted, desk.nouns.access_keys.mint(call.actor(), std::move(key)));
  Outcome outcome{.body = render(minted.record, desk.nouns.parts.clock.now_ms()),
                  .status = 201,
                  .secrets = {"key"}};
  outcome.body["key"] = boost::json::string(minted.key.reveal());
  return outcome;
}

base::Result<Outcome> get_access_key(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto key, desk.nouns.access_keys.find(call.segment()));
  return Outcome{.body = render(key, desk.nouns.parts.clock.now_ms())};
}

}  // namespace kronborg::api
