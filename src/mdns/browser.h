#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace kronborg::mdns {

/// What answered on the local network. All of it is untrusted text, but `address`, which the
/// daemon has read.
struct FoundService {
  std::string instance;
  std::string address;  ///< IP address; one that can be used without naming an interface
  std::uint16_t port = 0;
  std::vector<std::pair<std::string, std::string>> txt;
};

inline constexpr std::size_t most_found = 256;
inline constexpr std::chrono::seconds resolve_time{5};  ///< of each try; there is one repeat
inline constexpr std::chrono::seconds gone_time{12};    ///< then what vanished is dropped

/// Looks for services of this type (`_osaurus._tcp`) once: until the network has answered and every
/// instance is resolved, or given up. An instance that several interfaces see is given once, by its
/// IPv4 address if it has one. Waits. Error: host_not_found when there is no daemon to ask.
base::Result<std::vector<FoundService>> browse(std::string_view type);

}  // namespace kronborg::mdns
