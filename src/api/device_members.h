#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <cstdint>

#include "api/members.h"
#include "authority/devices.h"
#include "keyholder/keyholder.h"

namespace kronborg::api {

/// `challenge`: base64url of 32 bytes.
std::array<std::uint8_t, 32> read_challenge(Members& members);

/// A registration (docs/protocol/identity.md section 12.2): `kind` says which members there are.
/// Call Members::finish() before it is used.
authority::NewDevice read_new_device(Members& members);

/// The body of a registration, as another authority takes it.
boost::json::object evidence_members(const keyholder::DeviceProof& proof,
                                     const std::array<std::uint8_t, 32>& challenge);

}  // namespace kronborg::api
