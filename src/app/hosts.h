#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kronborg::app {

/// Host names the server answers to (docs/protocol/http.md section 9). A server that answers to any
/// name can be reached through a name that an attacker points at loopback.
class HostRules {
 public:
  /// `name`: host or host:port; without a port every port is meant.
  void allow(std::string_view name);
  [[nodiscard]] bool allows(std::string_view host) const;
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;  // lower case
};

}  // namespace kronborg::app
