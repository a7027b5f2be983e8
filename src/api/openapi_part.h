#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kronborg::api {

/// Writes out the short form in which src/api/openapi/*.json describe operations. A part has
/// `paths` and `schemas`; an operation is one of OpenAPI, where these members stand for more:
///
/// | Member | Stands for |
/// | --- | --- |
/// | `parameters` | a text is the name of one of `components/parameters`; `{name}` in the path adds
/// that one | | `body` | `schema` (a text names one of `components/schemas`), `example`,
/// `optional`, `types` | | `answers` | by status: `schema`, `example`, `description`, `headers`
/// (names), `type`; `bare` leaves out `warnings` | | `errors` | codes; their statuses are those of
/// the table of errors, `code=409` has another; `@name` is a set of codes | | `errorsAs` | the
/// schema of the error bodies, when it is not that of the part | | `security` | absent: a space
/// key, in either field |
class OpenApiPart {
 public:
  /// `shared`: openapi/shared.json.
  explicit OpenApiPart(const boost::json::object& shared);

  /// Adds the operations of a part to `paths`, and its schemas to what schemas() gives.
  void add(const boost::json::object& part, boost::json::object& paths);

  /// `components/responses`: each set of codes under one status once.
  [[nodiscard]] const boost::json::object& responses() const { return responses_; }
  [[nodiscard]] const boost::json::object& schemas() const { return schemas_; }

 private:
  boost::json::object operation(const boost::json::object& described);
  void add_errors(const boost::json::object& described, boost::json::object& answers);
  void collect(std::string_view entry, std::map<int, std::set<std::string>>& codes) const;
  std::string response_named(int status, const std::set<std::string>& codes,
                             const std::string& schema);

  const boost::json::object& sets_;
  const boost::json::object& meanings_;  ///< of statuses, for people
  boost::json::object responses_, schemas_;
  std::map<std::string, std::string> names_;  ///< of the responses, by status and codes
};

}  // namespace kronborg::api
