#include <array>
#include <string_view>

#include "api/listing.h"
#include "api/members.h"
#include "api/operations.h"
#include "api/query.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

namespace kronborg::api {
namespace {

constexpr std::string_view list_id = "credentials";
constexpr std::array<std::string_view, 1> kinds = {"metrics"};

boost::json::object render(const CredentialRecord& record) {
  return {{"id", record.id},
          {"kind", "metrics"},
          {"label", record.label},
          {"hint", record.hint},
          {"createdAt", base::iso_time(record.created_at_ms)}};
}

}  // namespace

base::Result<Outcome> list_credentials(const Desk& desk, const OwnerCall& call) {
  TRY(Query query, Query::read(call.query()));
  TRY(const authority::Page page, read_page(desk, query, list_id));
  TRY_VOID(query.finish());
  TRY_VOID(call.accepted());
  TRY(const auto credentials, desk.metrics_credentials.list(page));
  return listed(desk, "credentials", list_id, credentials,
                [](const CredentialRecord& record) { return render(record); });
}

base::Result<Outcome> create_credential(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  members.one_of("kind", kinds, Need::required);
  const auto label = members.label("label", Need::required);
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY(const auto created, desk.metrics_credentials.create(call.actor(), *label));
  Outcome outcome{.body = render(created.record), .status = 201, .secrets = {"credential"}};
  outcome.body["credential"] = boost::json::string(created.credential.reveal());
  return outcome;
}

base::Result<Outcome> delete_credential(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  const std::string id = base::lower(call.segment());
  TRY_VOID(desk.metrics_credentials.remove(call.actor(), id));
  return Outcome{.body = {{"id", id}, {"deleted", true}}};
}

}  // namespace kronborg::api
