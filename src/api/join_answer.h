#pragma once

#include <string_view>

#include "api/router.h"

namespace kronborg::api {

/// The page behind a human link, or one of its files: `join.js`, `join.css`. The page is the same
/// for every space: what it shows it reads itself, with the key that never leaves the browser's
/// fragment.
Response join_page(std::string_view file, std::string_view if_none_match,
                   std::string_view request_id, std::string_view origin);

}  // namespace kronborg::api
