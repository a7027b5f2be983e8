#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/context.h"
#include "cli/stored_spaces.h"
#include "http/fetch.h"

namespace kronborg::cli {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// One request to a server of spaces.
struct SpaceRequest {
  std::string method = "GET";
  std::string path;  ///< with its query
  std::optional<base::json::value> body = {};
  Fields fields = {};
};

/// Asks anywhere on a server. A request with an Idempotency-Key whose answer is lost is sent again.
/// A refusal is an error. Errors: server_unreachable, usage (not an address), and the server's.
base::Result<Reply> call_server(const std::string& server, SpaceRequest request);

/// `--server`, or the own origin of this machine's configuration; without a last slash.
base::Result<std::string> server_or_own(const Context& context,
                                        const std::optional<std::string>& given);
/// A new Idempotency-Key.
std::pair<std::string, std::string> idempotency_field();
/// `/oresundspace/space/<id><path>`
std::string space_path(const StoredSpace& space, std::string_view path);

/// What the verbs about one space share: the stored key, and the way to its server.
class SpaceSession {
 public:
  explicit SpaceSession(Context& context) : context_(context) {}

  [[nodiscard]] base::Result<StoredSpaces> stored() const;
  /// Changes what is known of a space, here and in `credentials.toml`.
  base::Result<void> keep(StoredSpace& space, const std::function<void(StoredSpace&)>& edit) const;

  /// The space that was named on the command line. A join that waits is asked for first. Errors:
  /// usage; what the server says of the join.
  base::Result<StoredSpace> open(const SpaceChoice& choice);
  /// Asks once how a join stands: 202 while the owner has not decided, else its key is stored. A
  /// join that was refused is forgotten. Errors: participant_state (collected before), and the
  /// server's.
  base::Result<Reply> collect(StoredSpace& space);

  /// One request with the key of the space to `<server>/oresundspace/space/<id><path>`. A key that
  /// the owner had reissued is collected on the way. Errors: as call_server().
  base::Result<Reply> call(StoredSpace& space, std::string_view method, std::string_view path,
                           const std::optional<base::json::value>& body = std::nullopt,
                           Fields fields = {});
  /// GET of a body that is not JSON: it comes to `sink`, `stop` ends it. The answer's status is
  /// 2xx, or 0 when it was stopped before. Errors: as call_server(), but nothing is sent twice.
  base::Result<http::FetchAnswer> stream(const StoredSpace& space, std::string_view path,
                                         Fields fields, const http::FetchSink& sink,
                                         std::chrono::seconds patience,
                                         const std::function<bool()>& stop = {});
  /// All pages of a list.
  base::Result<base::json::array> all_of(StoredSpace& space, std::string_view path,
                                         std::string_view member);

  /// The id of a document of the space: given by its id, the start of that, or its name.
  base::Result<std::string> artifact_id(StoredSpace& space, std::string_view wanted);

  [[nodiscard]] Context& context() const { return context_; }

 private:
  [[nodiscard]] base::Error forget_refused(const StoredSpace& space, base::Error error) const;

  Context& context_;
};

}  // namespace kronborg::cli
