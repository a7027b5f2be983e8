#pragma once

#include <string_view>

#include "api/router.h"

namespace kronborg::api {

/// Lets a page of that origin read the answer (docs/protocol/http.md section 9); an empty origin
/// changes nothing.
Response with_cors(Response response, std::string_view allowed_origin);
/// 204 to OPTIONS on a route of spaces; with the fields of CORS for an allowed origin only.
/// `private_network`: the page asks to be let into one.
Response cors_preflight(std::string_view allowed_origin, bool private_network);

}  // namespace kronborg::api
