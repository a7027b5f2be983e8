#include <array>
#include <limits>
#include <string_view>

#include "api/listing.h"
#include "api/members.h"
#include "api/operations.h"
#include "api/query.h"
#include "api/render.h"

namespace kronborg::api {
namespace {

constexpr std::size_t max_description = 1000;
constexpr std::size_t max_upstream = 2048;
constexpr std::size_t max_scope_bytes = 64;
constexpr std::string_view list_id = "agents";

/// An http or https URL with a host, without credentials, query and fragment.
bool is_upstream(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string_view rest = url.substr(scheme.size());
    const std::string_view host = rest.substr(0, rest.find('/'));
    return !host.empty() && host.front() != ':' &&
           rest.find_first_of("@?#\\ \t\r\n") == std::string_view::npos;
  }
  return false;
}

void check_upstream(Members& members, const std::optional<std::string>& url) {
  if (!url || is_upstream(*url)) return;
  members.fault(
      "upstream", "bad_pattern",
      "It must be an http:// or https:// URL with a host, without user, query and fragment.");
}

}  // namespace

base::Result<Outcome> list_agents(const Desk& desk, const OwnerCall& call) {
  TRY(Query query, Query::read(call.query()));
  TRY(const authority::Page page, read_page(desk, query, list_id));
  TRY_VOID(query.finish());
  TRY_VOID(call.accepted());
  TRY(const auto agents, desk.nouns.agents.list(page));
  return listed(desk, "agents", list_id, agents, [](const auto& agent) { return render(agent); });
}

base::Result<Outcome> create_agent(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  auto name = members.label("name", Need::required);
  auto description = members.free_text("description", max_description, Need::optional);
  auto upstream = members.line("upstream", max_upstream, Need::optional);
  check_upstream(members, upstream);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto agent,
      desk.nouns.agents.create(call.actor(), {.name = std::move(*name),
                                              .description = std::move(description),
                                              .upstream = std::move(upstream)}));
  return Outcome{.body = render(agent), .status = 201};
}

base::Result<Outcome> import_agent(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  authority::ImportAgent agent;
  auto name = members.label("name", Need::required);
  const auto index =
      members.integer("index", 0, std::numeric_limits<std::uint32_t>::max(), Need::required);
  agent.scope = members.bytes("deviceScope", max_scope_bytes, Need::optional).value_or("");
  agent.address = members.address("address", Need::optional);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  agent.name = std::move(*name);
  agent.index = static_cast<std::uint32_t>(*index);
  TRY(const auto imported, desk.nouns.agents.import(call.actor(), std::move(agent)));
  return Outcome{.body = render(imported), .status = 201};
}

base::Result<Outcome> get_agent(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto agent, desk.nouns.agents.find(call.segment()));
  return Outcome{.body = render(agent)};
}

base::Result<Outcome> update_agent(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  authority::AgentChange change;
  change.name = members.label("name", Need::optional);
  change.description = members.clearable("description", max_description);
  change.upstream = members.clearable("upstream", max_upstream);
  change.shared = members.flag("shared");
  if (change.upstream) check_upstream(members, *change.upstream);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto agent, desk.nouns.agents.find(call.segment()));
  TRY(const auto changed, desk.nouns.agents.update(call.actor(), agent.id, std::move(change)));
  return Outcome{.body = render(changed)};
}

base::Result<Outcome> rotate_agent(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto agent, desk.nouns.agents.find(call.segment()));
  TRY(const auto rotated, desk.nouns.agents.rotate(call.actor(), agent.id));
  Outcome outcome{.body = render(rotated.agent)};
  outcome.body["revoked"] = rotated.keys_revoked;
  return outcome;
}

base::Result<Outcome> delete_agent(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto agent, desk.nouns.agents.find(call.segment()));
  TRY(const std::int64_t revoked, desk.nouns.agents.remove(call.actor(), agent.id));
  return Outcome{.body = {{"id", agent.id}, {"revoked", revoked}}};
}

}  // namespace kronborg::api
