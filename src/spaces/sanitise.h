#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kronborg::spaces {

inline constexpr std::size_t max_html_depth = 64;

/// What a browser may be shown of the HTML of others (docs/protocol/spaces.md section 8.6): the
/// elements and attributes of the allow-list and text, well-formed, nested at most max_html_depth
/// deep. What is nested deeper is flattened into the last level.
///
/// Elements that run, load, embed, style or ask for something go with all they hold; of other
/// unknown ones the text stays. The result is what an HTML parser makes of it:
/// sanitise(sanitise(x)) equals sanitise(x). Takes time in proportion to the length. `html` is
/// UTF-8.
std::string sanitise(std::string_view html);

}  // namespace kronborg::spaces
