#pragma once

#include <string_view>

// The page behind a human link (docs/protocol/spaces.md section 5.2): join_page.html, .js and .css
// of this folder, which the build puts into the library. It is the same for every space and holds
// nothing of it: what it shows it asks for itself, with the key from the fragment of its address.

namespace kronborg::api {

std::string_view join_page_html();    ///< `/join/{spaceId}`
std::string_view join_page_script();  ///< `/join/assets/join.js`
std::string_view join_page_style();   ///< `/join/assets/join.css`

}  // namespace kronborg::api
