#pragma once

#include <string>
#include <string_view>

namespace kronborg::api {

/// The OpenAPI 3.1 document of every operation (src/api/openapi.json, built in) with `servers`
/// naming `origin`.
std::string openapi_document(std::string_view origin);

}  // namespace kronborg::api
