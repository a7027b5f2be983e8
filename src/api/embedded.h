#pragma once

#include <string_view>

namespace kronborg::api {

/// The text of a data file of this folder that the build put into the library, by its name as it
/// stands in CMakeLists.txt: "docs/api.md". "docs/api.html" is the same page as HTML, made by
/// cmark-gfm. Empty: there is no such file.
std::string_view embedded(std::string_view name);

}  // namespace kronborg::api
