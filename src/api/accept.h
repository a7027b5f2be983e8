#pragma once

#include <string_view>

namespace kronborg::api {

/// How much `Accept` wants a media type (RFC 9110 section 12.5.1), in thousandths: 1000 is q=1, 0
/// not at all. The most specific range that fits counts. An absent or empty field wants everything.
int accept_weight(std::string_view accept, std::string_view media_type);

/// docs/protocol/http.md section 7.1: problem+json is named, and ranked at least as high as JSON.
bool prefers_problem(std::string_view accept);

}  // namespace kronborg::api
