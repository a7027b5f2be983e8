#include "gate/paths.h"

#include <algorithm>
#include <array>

#include "http/parse.h"

namespace kronborg::gate {

namespace {

// Longest first, which is also the order of the contract.
constexpr std::array<std::string_view, 3> prefixes{"/v1/api", "/api", "/v1"};

constexpr std::array<std::string_view, 14> own_as_written{"/oresundspace",
                                                          "/oauth",
                                                          "/api/v1",
                                                          "/space",
                                                          "/join",
                                                          "/link",
                                                          "/enroll",
                                                          "/healthz",
                                                          "/readyz",
                                                          "/metrics",
                                                          "/auth.md",
                                                          "/gate",
                                                          "/.well-known/jwks.json",
                                                          "/.well-known/openid-configuration"};
constexpr std::array<std::string_view, 3> own_normalised{"/pair", "/pair-invite", "/secure"};

/// Takes the next segment off `rest`, which begins with a slash; decoded. Nothing at the end.
std::optional<std::string> take_segment(std::string_view& rest) {
  if (rest.size() < 2) return {};
  const std::size_t end = rest.find('/', 1);
  const std::string_view raw = rest.substr(1, end == std::string_view::npos ? end : end - 1);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
  return http::decoded_path(raw);
}

std::string_view without_prefix(std::string_view path) {
  std::string_view one = path;
  const auto first = take_segment(one);
  if (first != "v1" && first != "api") return path;
  std::string_view two = one;
  return first == "v1" && take_segment(two) == "api" ? two : one;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

bool has_path_prefix(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) &&
         (prefix.empty() || path.size() == prefix.size() || path[prefix.size()] == '/');
}

std::string_view normalised(std::string_view path) {
  for (const std::string_view prefix : prefixes) {
    if (!has_path_prefix(path, prefix)) continue;
    return path.size() == prefix.size() ? std::string_view("/") : path.substr(prefix.size());
  }
  return path;
}

bool needs_no_credential(std::string_view method, std::string_view path) {
  if (method != "GET" && method != "HEAD") return false;
  const std::string_view plain = normalised(path);
  return plain == "/" || plain == "/health";
}

bool is_own_path(std::string_view path) {
  const auto below = [](std::string_view whole) {
    return [whole](std::string_view prefix) { return has_path_prefix(whole, prefix); };
  };
  return std::ranges::any_of(own_as_written, below(path)) ||
         path.starts_with("/.well-known/oauth-") ||
         std::ranges::any_of(own_normalised, below(normalised(path)));
}

std::optional<AgentPath> agent_path(std::string_view path) {
  std::string_view rest = without_prefix(path);
  if (take_segment(rest) != "agents") return {};
  auto agent = take_segment(rest);
  if (!agent || agent->empty()) return {};
  return AgentPath{*std::move(agent), rest};
}

bool is_unambiguous(std::string_view path) {
  if (!path.starts_with('/')) return false;
  for (std::size_t at = 0; at < path.size(); ++at) {
    const char c = path[at];
    if (c <= 0x20 || c >= 0x7F || c == '\\' || c == '#') return false;
    if (c != '%') continue;
    if (at + 2 >= path.size() || !is_hex(path[at + 1]) || !is_hex(path[at + 2])) return false;
  }
  const std::string decoded = http::decoded_path(path);
  if (decoded.find('\0') != std::string::npos || decoded.find('\\') != std::string::npos ||
      std::ranges::count(decoded, '/') != std::ranges::count(path, '/') ||
      decoded.find("//") != std::string::npos) {
    return false;
  }
  const std::string closed = decoded + '/';
  return closed.find("/./") == std::string::npos && closed.find("/../") == std::string::npos;
}

DecodedPath::DecodedPath(std::string_view path) : text_(path) {
  if (path.find('%') == std::string_view::npos) return;
  decoded_ = http::decoded_path(path);
  text_ = decoded_;
}

}  // namespace kronborg::gate
