#pragma once

#include <boost/json/object.hpp>

#include "api/members.h"
#include "spaces/space.h"

// What creating a space has in common, whoever asks: the route, or a door.

namespace kronborg::api {

/// The members of docs/protocol/spaces.md section 4.1.
spaces::NewSpace read_new_space(Members& members);
/// The answer of that section, up to `userLinked`; it holds the owner's key.
boost::json::object render(const spaces::Created& created);

}  // namespace kronborg::api
