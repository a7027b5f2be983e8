// folders: app base
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "app/settings.h"

/// A configuration file is refused with a reason, or gives settings that can be shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kronborg;
  const auto config =
      app::Config::from_text({reinterpret_cast<const char*>(data), size}, "config.toml",
                             [](std::string_view) { return std::nullopt; });
  if (!config) {
    if (config.error().text().empty()) std::abort();
    return 0;
  }
  if (const auto settings = app::settle(*config);
      !settings && settings.error().code != base::Code::config_invalid) {
    std::abort();
  }
  if (!config->view().is_object()) std::abort();
  return 0;
}
