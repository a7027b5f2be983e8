#include "api/listing.h"

namespace kronborg::api {
namespace {

constexpr std::size_t max_cursor_characters = 64;

}  // namespace

base::Result<authority::Page> read_page(const Desk& desk, Query& query, std::string_view list) {
  authority::Page page;
  page.limit = static_cast<int>(query.integer("limit", 1, max_page).value_or(default_page));
  if (const auto cursor = query.text("cursor", max_cursor_characters)) {
    TRY(page.after, desk.cursors.read(list, *cursor));
  }
  return page;
}

}  // namespace kronborg::api
