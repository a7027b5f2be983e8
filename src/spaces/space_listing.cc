#include <algorithm>

#include "base/text.h"
#include "spaces/invitation.h"
#include "spaces/space.h"
#include "spaces/space_rows.h"

namespace kronborg::spaces {
namespace {

constexpr int search_rows = 200;
constexpr int max_looked_at = 2'000;  // for one page with `q`

bool matches(const Space& space, const std::optional<std::string>& lowered) {
  return !lowered || base::lower(space.name).contains(*lowered) ||
         base::lower(space.description).contains(*lowered);
}

bool is_over(const Space& space, std::int64_t now_ms) {
  const auto ending = ending_of(space);
  return ending && ending->at_ms <= now_ms;
}

base::Result<Listing> listing_of(Act& act, Space space) {
  Listing listing;
  TRY(const auto counted, act.run("SELECT COUNT(*) FROM space_participants "
                                  "WHERE space = $1 AND status = 'active'",
                                  space.number));
  listing.participant_count = counted.rows.at(0).integer(0);
  TRY(const auto listed,
      act.run("SELECT listed_key FROM space_invitations WHERE space = $1 AND state = 'live' "
              "AND listed_key IS NOT NULL AND expires_at_ms > $2 ORDER BY position DESC LIMIT 1",
              space.number, act.now_ms));
  if (!listed.rows.empty()) {
    listing.agent_link = agent_link(act.parts, space.id, listed.rows.front().text(0));
  }
  listing.space = std::move(space);
  return listing;
}

}  // namespace

base::Result<Listings> list_public(Act& act, const std::optional<std::string>& q,
                                   std::int64_t before, int limit) {
  std::optional<std::string> lowered;
  if (q) lowered = base::lower(*q);
  Listings page;
  page.last = before > 0 ? before : INT64_MAX;
  const int batch_rows = q ? search_rows : limit + 1;
  for (int looked_at = 0; looked_at < max_looked_at; looked_at += batch_rows) {
    TRY(const auto answer, act.run(SPACE_COLUMNS "WHERE is_public = 1 AND state = 0 "
                                                 "AND number < $1 ORDER BY number DESC LIMIT $2",
                                   page.last, batch_rows));
    for (const sql::Row& row : answer.rows) {
      Space space = space_of(row);
      if (is_over(space, act.now_ms) || !matches(space, lowered)) {
        page.last = space.number;
        continue;
      }
      if (std::ssize(page.spaces) == limit) {
        page.has_more = true;
        return page;
      }
      page.last = space.number;
      TRY(Listing listing, listing_of(act, std::move(space)));
      page.spaces.push_back(std::move(listing));
    }
    if (std::ssize(answer.rows) < batch_rows) {
      // The cursor of the last page stays where it is, and is never "from the newest".
      if (page.last == INT64_MAX) page.last = 1;
      return page;
    }
  }
  page.has_more = true;
  return page;
}

}  // namespace kronborg::spaces
