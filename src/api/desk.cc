#include "api/desk.h"

#include "api/members.h"
#include "api/query.h"

namespace kronborg::api {

authority::Actor OwnerCall::actor() const {
  authority::Actor actor{
      .actor = "owner", .source_address = std::nullopt, .request_id = request_.request_id};
  if (!request_.source_address.empty()) actor.source_address = request_.source_address;
  return actor;
}

base::Result<void> accept_no_query(const OwnerCall& call) {
  TRY(Query query, Query::read(call.query()));
  TRY_VOID(query.finish());
  return call.accepted();
}

base::Result<void> accept_no_input(const OwnerCall& call) {
  if (call.method() == "POST") {
    TRY(Members members, Members::read(call.body()));
    TRY_VOID(members.finish());
  }
  return accept_no_query(call);
}

}  // namespace kronborg::api
