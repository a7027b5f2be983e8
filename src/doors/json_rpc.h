#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace kronborg::doors {

/// The `error` object of JSON-RPC 2.0. `data` is left out when it is null.
struct RpcError {
  int code = 0;
  std::string message = {};
  boost::json::value data = nullptr;
};

inline constexpr int rpc_parse_error = -32700;
inline constexpr int rpc_invalid_request = -32600;
inline constexpr int rpc_method_not_found = -32601;
inline constexpr int rpc_invalid_params = -32602;
inline constexpr int rpc_internal_error = -32603;

/// Text or a number, as it was sent; nothing when there is none.
using RpcId = std::optional<boost::json::value>;

/// One JSON-RPC 2.0 message as it came from a client.
struct RpcMessage {
  enum class Kind : std::uint8_t {
    request,       ///< method and id
    notification,  ///< method without id
    response,      ///< a result or an error of the client
    invalid,       ///< `fault` says why; `id` is that of the message where it could be read
  };

  Kind kind = Kind::invalid;
  RpcId id = {};
  std::string method = {};
  boost::json::object params = {};  ///< empty when none were sent
  RpcError fault = {};  ///< of an invalid one: rpc_invalid_request or rpc_invalid_params
};

/// The body of a POST: one JSON value under the limits of docs/protocol/http.md section 3. nothing:
/// `fault` is filled with rpc_parse_error.
std::optional<boost::json::value> read_rpc_body(std::string_view body, RpcError& fault);

/// One message: an object with `jsonrpc` "2.0", whose `params` is an object when it is there.
RpcMessage read_rpc_message(boost::json::value value);

/// `{"jsonrpc":"2.0","id":…,"result":…}`
boost::json::object rpc_result(const RpcId& id, boost::json::object result);
/// `{"jsonrpc":"2.0","id":…,"error":{…}}`; without `id` when there is none.
boost::json::object rpc_error(const RpcId& id, const RpcError& error);

/// application/json with this body.
http::Answer rpc_answer(int status, const boost::json::value& body);

}  // namespace kronborg::doors
