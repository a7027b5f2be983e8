#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "identity/address.h"
#include "pairing/host.h"

namespace kronborg::pairing {

// What is announced on the LAN, and what is made of it (docs/protocol/pairing.md section 8).

inline constexpr std::string_view service_type = "_osaurus._tcp";
inline constexpr std::string_view phone_service_type = "_osaurus-mobile._tcp";

/// `<name>@<UUID in upper case>`, at most 63 bytes; the name is cut at a character border.
std::string service_instance(std::string_view name, std::string_view agent_id);

/// Name and value of each TXT string. The description is cut to 200 bytes at a character border and
/// left out when empty.
using TxtRecord = std::vector<std::pair<std::string, std::string>>;
TxtRecord service_txt(const HostAgent& agent);
/// While a six-digit code is live.
TxtRecord phone_service_txt(std::string_view host_name);

/// What a record that was found says; untrusted text.
struct FoundAgent {
  std::string name, id;
  std::optional<identity::Address> address;  ///< fixed before the first request
  std::string description;
  bool channel = false;  ///< it speaks the Secure Channel
};
/// Error: host_not_proven for a host that speaks the Secure Channel and names no address: there
/// would be nothing to check it against.
base::Result<FoundAgent> read_service_txt(const TxtRecord& record);

}  // namespace kronborg::pairing
