#pragma once

#include <boost/json/object.hpp>

#include "doors/a2a.h"

namespace kronborg::doors {

/// One request to the door, read.
struct A2aCall {
  const A2aParts& parts;
  RpcId id;
  A2aShape shape;
  boost::json::object params;
  A2aRest rest;

  /// 200 with this result.
  [[nodiscard]] A2aReply reply(boost::json::object result,
                               std::vector<std::pair<std::string, std::string>> fields) const;
};

// The methods of docs/protocol/discovery.md section 10.2; the version stands in the shape.

// a2a_send.cc
A2aResult<A2aReply> send_message(A2aCall& call);
A2aResult<A2aReply> stream_message(A2aCall& call);

// a2a_tasks.cc
A2aResult<A2aReply> get_task(A2aCall& call);
A2aResult<A2aReply> list_tasks(A2aCall& call);
A2aResult<A2aReply> cancel_task(A2aCall& call);
A2aResult<A2aReply> subscribe_to_task(A2aCall& call);
A2aResult<A2aReply> refuse_push(A2aCall& call);
A2aResult<A2aReply> refuse_extended_card(A2aCall& call);

}  // namespace kronborg::doors
