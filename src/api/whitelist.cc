#include <string_view>

#include "api/listing.h"
#include "api/members.h"
#include "api/operations.h"
#include "api/query.h"
#include "api/render.h"

namespace kronborg::api {
namespace {

constexpr std::string_view list_id = "whitelist";

}  // namespace

base::Result<Outcome> list_whitelist(const Desk& desk, const OwnerCall& call) {
  TRY(Query query, Query::read(call.query()));
  TRY(const authority::Page page, read_page(desk, query, list_id));
  TRY_VOID(query.finish());
  TRY_VOID(call.accepted());
  TRY(const auto entries, desk.nouns.whitelist.list(page));
  return listed(desk, "whitelistEntries", list_id, entries,
                [](const auto& entry) { return render(entry); });
}

base::Result<Outcome> add_whitelist_entry(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto address = members.address("address", Need::required);
  const auto agent_id = members.uuid("agentId", Need::optional);
  const auto label = members.label("label", Need::optional);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto entry,
      desk.nouns.whitelist.add(call.actor(), *address, agent_id, label.value_or("")));
  return Outcome{.body = render(entry), .status = 201};
}

base::Result<Outcome> remove_whitelist_entry(const Desk& desk, const OwnerCall& call) {
  TRY(Query query, Query::read(call.query()));
  const auto agent_id = query.uuid("agentId");
  TRY_VOID(query.finish());
  const auto address = identity::Address::parse(call.segment());
  if (!address) return base::Code::address_invalid;
  TRY_VOID(call.accepted());
  TRY_VOID(desk.nouns.whitelist.remove(call.actor(), *address, agent_id));
  Outcome outcome{.body = {{"address", address->text()}, {"removed", true}}};
  if (agent_id) outcome.body["agentId"] = *agent_id;
  return outcome;
}

}  // namespace kronborg::api
