#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kronborg::gate {

/// docs/protocol/identity.md section 9, "Paths": without one leading `/v1/api`, `/api` or `/v1`.
/// The path has no query.
std::string_view normalised(std::string_view path);

/// The paths of that section that need no credential and that an upstream may serve: `/` and
/// `/health`. Here only for GET and HEAD, so that an upstream whose RPC endpoint is its root is not
/// laid open. `path` as received: an escape makes another path.
bool needs_no_credential(std::string_view method, std::string_view path);

/// Paths of kronborg itself (docs/protocol/http.md section 1.2, discovery.md section 1), whether
/// this build serves them or not: they are never forwarded. `path` is decoded.
bool is_own_path(std::string_view path);

/// `/agents/<agent>/<rest>` behind any one prefix of normalised().
struct AgentPath {
  std::string agent;      ///< decoded: a name, UUID or address
  std::string_view rest;  ///< as received, a view of the path: empty or with its first slash
};

/// Segments are compared after decoding, because an upstream decodes them too. nothing: another
/// path.
std::optional<AgentPath> agent_path(std::string_view path);

/// For a target that came in a header and that another proxy will read: no segment or escape that
/// two readers may take for different paths (the rules of docs/protocol/http.md section 2).
bool is_unambiguous(std::string_view path);

/// `prefix` ends where a segment ends; "" is a prefix of all.
bool has_path_prefix(std::string_view path, std::string_view prefix);

/// A path with its escapes decoded, without a copy when it has none.
class DecodedPath {
 public:
  explicit DecodedPath(std::string_view path);
  DecodedPath(const DecodedPath&) = delete;
  DecodedPath& operator=(const DecodedPath&) = delete;
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string decoded_;
  std::string_view text_;
};

}  // namespace kronborg::gate
