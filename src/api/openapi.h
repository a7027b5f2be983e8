#pragma once

#include <functional>
#include <map>
#include <string>

#include "api/router.h"

namespace kronborg::api {

/// The OpenAPI 3.1 document of every operation that is switched on (docs/protocol/discovery.md
/// section 6). Of the discovery documents it describes those of `documents`: their texts by their
/// paths, which are also their examples.
std::string openapi_document(const Settings& settings,
                             const std::map<std::string, std::string, std::less<>>& documents);

}  // namespace kronborg::api
