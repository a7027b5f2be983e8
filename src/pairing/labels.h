#pragma once

#include <string>
#include <string_view>

#include "identity/address.h"

namespace kronborg::pairing {

// The labels of docs/protocol/identity.md section 5.4 for keys that pairing makes, cut to 80.
// Names come from others: what a label may not hold is left out of them.

std::string connector_label(const identity::Address& connector);
std::string invite_label(std::string_view invite_name, std::string_view nonce);
/// `device_name` may be empty.
std::string owner_device_label(std::string_view device_name);
std::string phone_label(std::string_view device_name);

}  // namespace kronborg::pairing
