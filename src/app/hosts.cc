#include "app/hosts.h"

#include "base/text.h"

namespace kronborg::app {
namespace {

/// host without its port; brackets of an IPv6 address stay.
std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos)
    return host;
  return host.substr(0, colon);
}

}  // namespace

void HostRules::allow(std::string_view name) { names_.push_back(base::lower(name)); }

bool HostRules::allows(std::string_view host) const {
  for (const auto& name : names_) {
    const bool any_port = without_port(name) == name;
    if (base::equal_ignoring_case(name, any_port ? without_port(host) : host)) return true;
  }
  return false;
}

}  // namespace kronborg::app
