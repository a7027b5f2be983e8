#pragma once

#include <string_view>

namespace kronborg::api {

/// `application/json`, with no charset or utf-8 (docs/protocol/http.md section 5).
bool is_json(std::string_view content_type);
/// `text/markdown` or `text/plain`, with no charset or utf-8.
bool is_plain_text(std::string_view content_type);
/// `Prefer: handling=strict` (section 6).
bool wants_strict(std::string_view prefer);

}  // namespace kronborg::api
