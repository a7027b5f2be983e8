#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "doors/json_rpc.h"
#include "http/message.h"

namespace kronborg::doors {

// Error codes of the A2A protocol (docs/protocol/discovery.md section 10).
inline constexpr int a2a_server_error = -32000;
inline constexpr int a2a_task_not_found = -32001;
inline constexpr int a2a_task_not_cancelable = -32002;
inline constexpr int a2a_push_not_supported = -32003;
inline constexpr int a2a_operation_not_supported = -32004;
inline constexpr int a2a_content_type_not_supported = -32005;
inline constexpr int a2a_no_extended_card = -32007;
inline constexpr int a2a_version_not_supported = -32009;

/// A "no" of the A2A door (section 10.4).
struct A2aRefusal {
  int code = rpc_internal_error;
  std::string reason = {};   ///< of google.rpc.ErrorInfo: upper case
  std::string message = {};  ///< for people
  int http_status = 200;
  std::vector<std::pair<std::string, std::string>> details = {};  ///< `metadata` of the ErrorInfo
  std::vector<std::pair<std::string, std::string>> fields = {};   ///< header fields
  bool counted = false;  ///< a call of the REST surface has taken the tokens of the rate limits
};

/// A value, or the refusal that answers instead of it.
template <class T>
using A2aResult = std::expected<T, A2aRefusal>;

/// Params that do not have the form of their method.
A2aRefusal wrong_params(std::string message);

/// Where the door stands, for what its refusals name.
struct A2aPlace {
  std::string origin;  ///< own origin, no trailing '/'
  std::string path;    ///< of the door: `/a2a` or its twin

  [[nodiscard]] std::string metadata_url() const;  ///< of the door as a protected resource
  [[nodiscard]] std::string host() const;          ///< of the origin, without port
};

/// A refused call of the REST surface, in this door's words.
A2aRefusal refusal_of(const http::Answer& rest, const A2aPlace& place);
/// An error that the door, or what stands before it, has found itself.
A2aRefusal refusal_of(const base::Error& error, const A2aPlace& place);

/// An answer of the REST surface that is not what it says it is.
A2aRefusal broken_answer();

/// Fields of a REST answer that are true of the door's answer too: rates, repeats, the challenge.
std::vector<std::pair<std::string, std::string>> carried_fields(const http::Answer& rest,
                                                                const A2aPlace& place);

/// The answer to the request with this id; `id` is null when there was none to read.
http::Answer a2a_answer(const RpcId& id, const A2aRefusal& refusal, const A2aPlace& place,
                        std::string_view request_id);

}  // namespace kronborg::doors
