#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/blanks.h"
#include "api/router.h"

namespace kronborg::api {

/// A page of the user documentation (docs/protocol/discovery.md section 5): both forms are made
/// from one source, src/api/docs/<name>.md, and the running configuration.
struct Page {
  std::string name;   ///< `quickstart`: /docs/quickstart and /docs/quickstart.md
  std::string title;  ///< its first heading
  std::string markdown;
  std::string html;  ///< a whole document
};

/// In the order in which they are read; without spaces those that do not speak of them.
std::vector<Page> documentation(const Settings& settings);

/// `/docs/style.css`.
std::string_view style_sheet();

/// `/llms.txt` and `/llms-full.txt`.
std::string llms_text(const Settings& settings, const std::vector<Page>& pages);
std::string llms_full_text(const std::vector<Page>& pages);

/// What every readable document may say of the running configuration.
Blanks blanks_of(const Settings& settings);

}  // namespace kronborg::api
