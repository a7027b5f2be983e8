#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>

#include "api/space_call.h"
#include "base/result.h"
#include "spaces/participant.h"
#include "spaces/space.h"

// What several answers about spaces have in common.

namespace kronborg::api {

/// A participant object (docs/protocol/spaces.md section 7), with `lastSeenAt` as memory knows it.
boost::json::object render_participant(const SpaceDesk& desk, spaces::Participant participant,
                                       std::int64_t now_ms, bool for_owner);
/// The active ones; the owner also sees the pending.
base::Result<boost::json::array> render_participants(const SpaceDesk& desk, spaces::Act& act,
                                                     std::int64_t space, bool for_owner);
/// Summaries of the live ones.
base::Result<boost::json::array> render_artifacts(spaces::Act& act, std::int64_t space);
/// `you`: `participantId`, `keyType`, `keyId`, `muted`.
boost::json::object render_you(const spaces::Caller& caller, std::int64_t now_ms);

/// The space object (section 4.2) as this caller sees it.
base::Result<boost::json::object> render_space(const SpaceDesk& desk, spaces::Act& act,
                                               const spaces::Space& space,
                                               const spaces::Caller& caller);
/// The first event of a stream (section 8.4).
base::Result<boost::json::object> snapshot(const SpaceDesk& desk, spaces::Act& act,
                                           const spaces::Caller& caller);

/// A key was minted with an end (section 13).
Warning key_expires_warning();

}  // namespace kronborg::api
