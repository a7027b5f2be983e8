#pragma once

#include <string>

#include "api/router.h"

namespace kronborg::api {

/// `/auth.md` (docs/protocol/discovery.md section 5): how to get every credential of this service,
/// how to send it, what ends it. At most 12 KiB.
std::string auth_guide(const Settings& settings);

}  // namespace kronborg::api
