#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace kronborg::api {

/// JSON Schema 2020-12 as far as openapi.json uses it; a keyword that is not known is a finding, so
/// that nothing is passed over in silence.
class SchemaCheck {
 public:
  explicit SchemaCheck(const boost::json::value& document) : document_(document) {}

  /// What of `value` does not fit; empty when it fits.
  std::vector<std::string> findings(const boost::json::value& schema,
                                    const boost::json::value& value);
  /// Follows `$ref` into the document.
  const boost::json::value& resolved(const boost::json::value& value) const;

 private:
  void check(const boost::json::object& schema, const boost::json::value& value,
             const std::string& at);
  void check_keyword(std::string_view keyword, const boost::json::value& rule,
                     const boost::json::object& schema, const boost::json::value& value,
                     const std::string& at);
  void check_object(std::string_view keyword, const boost::json::value& rule,
                    const boost::json::object& schema, const boost::json::object& value,
                    const std::string& at);
  void check_text(std::string_view keyword, const boost::json::value& rule,
                  const std::string& value, const std::string& at);
  bool fits(const boost::json::value& schema, const boost::json::value& value) const;
  void found(const std::string& at, const std::string& what) {
    findings_.push_back(at + ": " + what);
  }

  const boost::json::value& document_;
  std::vector<std::string> findings_;
};

}  // namespace kronborg::api
