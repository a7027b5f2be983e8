#include "api/space_call.h"

#include "base/json.h"

namespace kronborg::api {

base::Result<void> SpaceCall::finish(Members& members) const {
  TRY(Query query, this->query());
  return finish(members, query);
}

base::Result<void> SpaceCall::finish(Members& members, Query& query) const {
  if (strict_) {
    TRY_VOID(members.finish());
    return query.finish();
  }
  TRY_VOID(members.finish(warnings_));
  return query.finish(warnings_);
}

base::Result<void> SpaceCall::finish(Query& query) const {
  if (!request_.body.empty()) {
    warn({.code = "body_ignored", .message = "This route has no body; it was ignored."});
  }
  return strict_ ? query.finish() : query.finish(warnings_);
}

base::Result<void> SpaceCall::finish() const {
  TRY(Query query, this->query());
  return finish(query);
}

base::Result<Paged> read_paged(const SpaceDesk& desk, Query& query, std::string_view list,
                               int standard, int most) {
  Paged paged{.limit = standard};
  if (const auto limit = query.integer("limit", 1, most)) paged.limit = static_cast<int>(*limit);
  if (const auto cursor = query.text("cursor", 100)) {
    TRY(paged.after, desk.cursors.read(list, *cursor));
  }
  return paged;
}

void add_cursor(const SpaceDesk& desk, boost::json::object& body, std::string_view list,
                std::int64_t last, bool has_more) {
  body["cursor"] = boost::json::string(desk.cursors.write(list, last));
  body["hasMore"] = has_more;
}

}  // namespace kronborg::api
