#pragma once

#include <string>
#include <string_view>

#include "api/desk.h"
#include "api/query.h"
#include "authority/authority.h"
#include "base/result.h"

namespace kronborg::api {

inline constexpr int max_page = 500;  // docs/protocol/management.md, summary 4
inline constexpr int default_page = 100;

/// `limit` and `cursor`. `list` names the list and its filters: a cursor is good for that list
/// alone. Error: cursor_invalid. A bad limit is a fault of `query`.
base::Result<authority::Page> read_page(const Desk& desk, Query& query, std::string_view list);

/// {"<noun>": [...], "cursor": ..., "hasMore": ...}; `render` turns an item into a JSON object.
template <class T, class Render>
Outcome listed(const Desk& desk, std::string_view noun, std::string_view list,
               const authority::Listed<T>& page, Render render) {
  boost::json::array items;
  items.reserve(page.items.size());
  for (const T& item : page.items) items.emplace_back(render(item));
  boost::json::object body;
  body[noun] = std::move(items);
  body["cursor"] = boost::json::string(desk.cursors.write(list, page.last));
  body["hasMore"] = page.has_more;
  return {.body = std::move(body)};
}

}  // namespace kronborg::api
