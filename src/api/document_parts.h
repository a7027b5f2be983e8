#pragma once

#include <string>
#include <string_view>

#include "api/router.h"

// What documents, pages and artifacts have in common.

namespace kronborg::api {

/// A strong entity tag of the text, in quotes.
std::string tag_of(std::string_view body);

/// Whether `If-None-Match` names the tag: a list, `*`, weak comparison (RFC 9110 section 13.1.2).
bool names_tag(std::string_view if_none_match, std::string_view etag);

/// What an answer for a human's browser carries (docs/protocol/http.md section 9).
void add_page_fields(Response& response);

}  // namespace kronborg::api
