#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>

#include "authority/authority.h"
#include "authority/devices.h"

namespace kronborg::api {

/// The objects of docs/protocol/management.md. Unset members are left out.
boost::json::object render(const authority::AgentRecord& agent);
boost::json::object render(const authority::KeyRecord& key, std::int64_t now_ms);
boost::json::object render(const authority::WhitelistEntry& entry);
boost::json::object render(const authority::AuditEvent& event);
boost::json::object render(const authority::DeviceRecord& device);

/// An integer up to 2^53-1 (http.md section 5), decimal digits as text above it.
boost::json::value render_u64(std::uint64_t number);
/// Seconds of Unix time as an ISO time; what lies after the year 9999 is shown as its end.
boost::json::string render_seconds(std::int64_t unix_s);

}  // namespace kronborg::api
