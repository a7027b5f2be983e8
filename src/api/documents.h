#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/router.h"

namespace kronborg::api {

/// A document that everybody may read (docs/protocol/discovery.md section 1): made once from the
/// running configuration.
struct Document {
  std::string path;
  std::string content_type;
  std::string cache_control;
  std::string body;
  std::string etag;  ///< strong, in quotes
};

class Documents {
 public:
  explicit Documents(const Settings& settings);

  [[nodiscard]] const Document* find(std::string_view path) const;
  /// Media type without parameters, for Accept.
  static std::string_view media_type(const Document& document);

 private:
  std::vector<Document> documents_;
};

/// 200 with the document, or 304 when `if_none_match` names its tag.
Response answer_with(const Document& document, std::string_view if_none_match);
/// 204: any origin may read it with any header.
Response preflight_answer();

}  // namespace kronborg::api
