#include "api/auth_guide.h"

namespace kronborg::api {
/// The text of auth_guide.md; made by the build.
std::string_view auth_guide_source();

std::string auth_guide(const Settings& settings) {
  std::string text(auth_guide_source());
  const auto fill = [&](std::string_view mark, std::string_view value) {
    for (std::size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + value.size())) {
      text.replace(at, mark.size(), value);
    }
  };
  fill("{name}", settings.resource_name);
  fill("{origin}", settings.origin);
  return text;
}

}  // namespace kronborg::api
