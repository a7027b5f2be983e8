#include <utility>

#include "api/listing.h"
#include "api/members.h"
#include "api/operations.h"
#include "api/query.h"
#include "base/clock.h"
#include "pairing/endpoints.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::string_view requests_list = "pairing-requests";
constexpr std::string_view codes_list = "pairing-codes";

json::object render(const pairing::PairingRequest& request) {
  const pairing::PairingAsk& ask = request.ask;
  json::object object{{"id", request.id},
                      {"kind", "lan"},
                      {"connectorAddress", ask.connector.text()},
                      {"fingerprint", ask.fingerprint},
                      {"agentId", ask.agent_id},
                      {"agentName", ask.agent_name},
                      {"agentAddress", ask.agent.text()},
                      {"knownConnector", ask.known_connector},
                      {"encrypted", ask.encrypted},
                      {"sourceAddress", ask.source_address},
                      {"receivedAt", base::iso_time(request.received_at_ms)},
                      {"expiresAt", base::iso_time(request.expires_at_ms)}};
  if (ask.sas) object["sas"] = *ask.sas;
  return object;
}

json::object render(const pairing::CodeFacts& code) {
  json::object object{{"id", code.id},
                      {"label", code.label},
                      {"expiresAt", base::iso_time(code.expires_at_ms)},
                      {"attemptsLeft", code.attempts_left}};
  if (code.agent_id) object["agentId"] = *code.agent_id;
  return object;
}

/// Lists that are in memory fit on one page.
template <class T>
base::Result<Outcome> on_one_page(const Desk& desk, const OwnerCall& call, std::string_view noun,
                                  std::string_view list, std::vector<T> (*read)(const Desk&)) {
  TRY(Query query, Query::read(call.query()));
  TRY(const authority::Page page, read_page(desk, query, list));
  TRY_VOID(query.finish());
  TRY_VOID(call.accepted());
  authority::Listed<T> all;
  if (page.after == 0) all.items = read(desk);
  return listed(desk, noun, list, all, [](const T& item) { return render(item); });
}

}  // namespace

base::Result<Outcome> list_pairing_requests(const Desk& desk, const OwnerCall& call) {
  return on_one_page<pairing::PairingRequest>(
      desk, call, "pairingRequests", requests_list,
      [](const Desk& of) { return of.nouns.pairing.requests.pending(); });
}

base::Result<Outcome> approve_pairing_request(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto remember = members.flag("remember");
  const auto label = members.label("label", Need::optional);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto request, desk.nouns.pairing.prompts.approve(call.actor(), call.segment(),
                                                             remember.value_or(false), label));
  return Outcome{.body = render(request)};
}

base::Result<Outcome> deny_pairing_request(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto request, desk.nouns.pairing.prompts.deny(call.actor(), call.segment()));
  return Outcome{.body = render(request)};
}

base::Result<Outcome> list_pairing_codes(const Desk& desk, const OwnerCall& call) {
  return on_one_page<pairing::CodeFacts>(desk, call, "pairingCodes", codes_list,
                                         [](const Desk& of) {
                                           std::vector<pairing::CodeFacts> live;
                                           if (auto code = of.nouns.pairing.codes.current())
                                             live.push_back(*std::move(code));
                                           return live;
                                         });
}

base::Result<Outcome> create_pairing_code(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  pairing::WantedCode wanted;
  wanted.agent_id = members.uuid("agentId", Need::optional);
  wanted.master = members.flag("master").value_or(false);
  wanted.label = members.label("label", Need::optional);
  if (wanted.agent_id && wanted.master) {
    members.fault("master", "not_allowed", "A code is for one agent or for the master.");
  }
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto made, desk.nouns.pairing.phones.issue(call.actor(), std::move(wanted)));
  Outcome outcome{.body = render(made.facts), .status = 201, .secrets = {"code"}};
  outcome.body["code"] = json::string(made.code.reveal());
  return outcome;
}

base::Result<Outcome> delete_pairing_code(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY_VOID(desk.nouns.pairing.phones.end(call.actor(), call.segment()));
  return Outcome{.body = {{"id", call.segment()}, {"removed", true}}};
}

}  // namespace kronborg::api
