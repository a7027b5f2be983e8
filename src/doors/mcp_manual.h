#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "api/members.h"
#include "base/result.h"
#include "doors/door.h"

namespace kronborg::doors {

/// The manual as the tools search_docs and read_doc give it. Constant after construction.
class Manual {
 public:
  Manual(DocPages pages, std::string_view origin);

  /// `results`: `page`, `heading`, `excerpt`, `url`, best first; at most `limit` (1..20, default
  /// 5). Errors: those of the arguments `query` (1..200) and `limit`.
  base::Result<boost::json::object> search(api::Members& arguments,
                                           std::vector<api::Warning>& warnings) const;
  /// `page`, `url`, `content`. Errors: invalid_member for a page that there is not.
  base::Result<boost::json::object> read(api::Members& arguments,
                                         std::vector<api::Warning>& warnings) const;

 private:
  struct Section {
    std::size_t page = 0;  ///< in pages_
    std::string heading;
    std::string text;
    std::vector<std::string> words;  ///< of the text, lower case
    std::vector<std::string> heading_words;
  };
  void add_sections(std::size_t page);
  [[nodiscard]] double score(const Section& section, const std::vector<std::string>& terms,
                             const std::vector<double>& rarity) const;
  [[nodiscard]] std::string url(std::size_t page) const;

  DocPages pages_;
  std::string origin_;
  std::vector<Section> sections_;
};

}  // namespace kronborg::doors
