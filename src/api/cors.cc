#include "api/cors.h"

namespace kronborg::api {
namespace {

constexpr std::string_view request_headers =
    "Authorization, X-Private-Key, X-User-Token, X-Join-Token, X-Fencing-Token, Content-Type, "
    "Accept, "
    "If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, Prefer, MCP-Protocol-Version, "
    "Mcp-Method, Mcp-Name, A2A-Version, A2A-Extensions";
constexpr std::string_view exposed_headers =
    "API-Version, X-Request-Id, RateLimit-Policy, RateLimit, RateLimit-Limit, RateLimit-Remaining, "
    "RateLimit-Reset, Retry-After, WWW-Authenticate, Deprecation, Sunset, Link, ETag, "
    "Idempotency-Replayed, X-User-Token-Status";

}  // namespace

Response with_cors(Response response, std::string_view allowed_origin) {
  if (allowed_origin.empty()) return response;
  response.fields.emplace_back("Access-Control-Allow-Origin", allowed_origin);
  response.fields.emplace_back("Vary", "Origin");
  response.fields.emplace_back("Access-Control-Expose-Headers", exposed_headers);
  return response;
}

Response cors_preflight(std::string_view allowed_origin, bool private_network) {
  Response response;
  response.status = 204;
  response.content_type.clear();
  if (allowed_origin.empty()) return response;
  response.fields.emplace_back("Access-Control-Allow-Origin", allowed_origin);
  response.fields.emplace_back("Vary", "Origin");
  response.fields.emplace_back("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE");
  response.fields.emplace_back("Access-Control-Allow-Headers", request_headers);
  response.fields.emplace_back("Access-Control-Max-Age", "600");
  if (private_network) response.fields.emplace_back("Access-Control-Allow-Private-Network", "true");
  return response;
}

}  // namespace kronborg::api
