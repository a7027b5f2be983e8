#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "doors/a2a_message.h"

namespace kronborg::doors {

/// What is asked of the REST surface to make the space of a message without a task
/// (docs/protocol/discovery.md section 10.3).
struct A2aCreation {
  /// Empty: POST /oresundspace/space does it; else the name of the operation.
  std::string_view operation = {};
  boost::json::object body = {};
  std::string document = {};  ///< content of the artifact that is made with the space
};

/// From the first `data` part, else from the text. Refusals: -32602 for an unknown skill or no
/// text, -32005 for files.
A2aResult<A2aCreation> creation_of(const std::vector<A2aPart>& parts);

}  // namespace kronborg::doors
