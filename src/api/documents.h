#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

/// All of them: made when the first one is asked for, since most commands ask for none; constant
/// from then on. Thread-safe.
class Documents {
 public:
  explicit Documents(const Settings& settings);

  /// The document at `path`; its own path is the one for logs and metrics. One document stands for
  /// all computed ones, the metadata of resources (section 3): its body is made by answer().
  [[nodiscard]] const Document* find(std::string_view path) const;
  /// Where documents stand, in order; the computed ones are not named.
  [[nodiscard]] std::vector<std::string> paths() const;
  /// Media type without parameters.
  static std::string_view media_type(const Document& document);
  /// Whether Accept lets `document` through; `application/json` lets every `+json` type through.
  static bool fits(const Document& document, std::string_view accept);

  /// 200 with the document at `path`, which find() found, or 304 when `if_none_match` names its
  /// tag.
  [[nodiscard]] Response answer(std::string_view path, std::string_view if_none_match) const;

 private:
  struct Making;
  [[nodiscard]] const std::vector<Document>& made() const;
  [[nodiscard]] std::optional<std::string> computed(std::string_view path) const;

  Settings settings_;
  Document computed_;
  mutable std::once_flag once_;
  mutable std::vector<Document> documents_;  ///< by path; set once
};

/// 204: any origin may read documents with any header.
Response preflight_answer();

}  // namespace kronborg::api
