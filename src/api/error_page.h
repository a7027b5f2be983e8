#pragma once

#include <string>

namespace kronborg::api {

/// Every code of the product with its status, its meaning and the next step, one heading per code:
/// `/docs/errors#<code>`, which problem+json names as its type.
std::string codes_as_markdown();
std::string codes_as_html();

}  // namespace kronborg::api
