#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "api/router.h"
#include "base/error.h"
#include "doors/door.h"
#include "doors/json_rpc.h"
#include "doors/mcp_era.h"
#include "doors/mcp_manual.h"
#include "doors/mcp_tool.h"
#include "http/message.h"

namespace kronborg::doors {

struct McpSettings {
  std::string origin;                     ///< own origin, no trailing '/'
  std::string title = "kronborg spaces";  ///< of the server, for people
  std::string version = "1.2.0";          ///< of the API, as in /openapi.json
};

/// The MCP door (docs/protocol/discovery.md sections 7 and 8): Streamable HTTP without state. A
/// tool is the REST operation that it stands for, called through `Calls`. Constant after
/// construction; thread-safe.
class Mcp {
 public:
  Mcp(Calls calls, DocPages pages, McpSettings settings);

  /// Synchronous; on a worker thread. When `held` is filled (list_messages with `wait`), the caller
  /// may send the answer as it stands, or wait that long for a message and ask again with
  /// DoorRequest::resumed.
  http::Answer answer(const DoorRequest& request, std::optional<api::Held>& held) const;

  /// A request that failed before it came here (Host, Origin, size, form) in the form of this
  /// surface: a JSON-RPC error without id.
  static http::Answer refusal(const base::Error& error, std::string_view request_id);

 private:
  /// What one message is answered with; nothing in `body`: it wants no answer.
  struct Reply {
    int status = 200;
    std::optional<boost::json::object> body = {};
    std::vector<std::pair<std::string, std::string>> fields = {};
  };
  /// One message on its way.
  struct Turn {
    const DoorRequest& request;
    McpEra era = McpEra::legacy;
    bool batched = false;
    std::optional<api::Held>* held = nullptr;  ///< null: an answer is made at once
  };

  [[nodiscard]] http::Answer batch(const DoorRequest& request, boost::json::array& messages) const;
  Reply reply(Turn turn, RpcMessage message) const;
  Reply dispatch(const Turn& turn, RpcMessage message) const;
  Reply method(const Turn& turn, const RpcMessage& message) const;
  Reply tool_call(const Turn& turn, RpcMessage message) const;
  Reply keyed_call(const Turn& turn, const Tool& tool, const RpcId& id,
                   boost::json::object arguments) const;
  Reply own_call(const Turn& turn, const Tool& tool, const RpcId& id,
                 boost::json::object arguments) const;
  /// A refusal of the door itself, as the result of a tool. Takes a token.
  Reply refuse_call(const Turn& turn, const RpcId& id, const base::Error& error) const;
  /// Takes a token for `made`, which no operation counted; 429 when there is none.
  Reply counted(const Turn& turn, const RpcId& id, Reply made) const;
  [[nodiscard]] Reply finished(const Turn& turn, const RpcId& id, boost::json::object result) const;
  [[nodiscard]] boost::json::object server_info(McpEra era) const;

  Calls calls_;
  McpSettings settings_;
  Manual manual_;
  boost::json::array tools_;
};

}  // namespace kronborg::doors
