#pragma once

#include "base/json.h"

namespace kronborg::app {

class App;

/// Members of GET /api/v1/status that only the process knows: exposure, upstreams, store, warnings.
base::json::value status_extras(App& app);

}  // namespace kronborg::app
