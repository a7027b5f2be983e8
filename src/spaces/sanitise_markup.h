#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spaces/sanitise_tags.h"

namespace kronborg::spaces {

/// A piece of HTML text, cut as the HTML standard cuts it (13.2.5, tokenization).
struct Piece {
  enum class Kind : std::uint8_t { text, parting, start, end } kind = Kind::text;
  Tag tag = Tag::p;       ///< of start and end
  std::string_view text;  ///< of text: with its character references
  struct Attribute {
    std::string_view name;   ///< lower case, one that the tag may have, at most once
    std::string_view value;  ///< with its character references
  };
  std::vector<Attribute> attributes;
};

/// Cuts HTML into pieces, and leaves out comments, declarations, and the elements that are not on
/// the allow-list as sanitise_tags.h says. What has no end goes on to the end of the text.
class Markup {
 public:
  explicit Markup(std::string_view html) : html_(html) {}
  /// The next piece, or nothing behind the last one. It refers to the text.
  std::optional<Piece> next();

 private:
  struct Found {
    enum class Kind : std::uint8_t { text, start, end, none } kind = Kind::none;
    std::string_view text;
    std::string name;  ///< of a tag, lower case
    std::optional<Tag> tag;
    bool closes_itself = false;
    std::vector<Piece::Attribute> attributes;
  };
  /// What stands at the position: text, a tag, or nothing that counts. False behind the end.
  bool find(Found& found);
  void find_markup(Found& found);
  void find_tag(Found& found, Found::Kind kind);
  void read_attribute(Found& found);
  void skip_comment();
  void skip_behind(std::string_view mark);
  void skip_raw(std::string_view name);
  void skip_whole(const std::string& name);
  [[nodiscard]] char at(std::size_t position) const {
    return position < html_.size() ? html_[position] : '\0';
  }

  std::string_view html_;
  std::size_t position_ = 0;
};

}  // namespace kronborg::spaces
