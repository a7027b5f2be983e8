#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "spaces/sanitise_markup.h"
#include "spaces/sanitise_tags.h"

namespace kronborg::spaces {

/// Makes of the pieces of any HTML one that is nested properly, so that a parser has nothing to
/// repair: every element that is opened is closed in its order, rows and cells stand where they
/// belong, a run of text is not inside another one of its kind, and no element is deeper than
/// max_html_depth. Repairing costs parsers more than proportional time; this never does.
class Balance {
 public:
  void take(const Piece& piece);
  /// Closes what is open; the whole.
  std::string finish();

 private:
  struct Open {
    Tag tag;
    bool ended = false;  ///< its end tag came while an element in it was open
  };

  void text(std::string_view raw);
  void start(const Piece& piece);
  void end(Tag tag);

  /// Closes what the start of `tag` ends without saying so.
  void make_way(Tag tag);
  void close_paragraph();
  /// Brings the innermost table into the state in which `part` can begin; false when there is none.
  bool make_place_for(Tag part);
  /// What is no part of a table and stands between its parts gets a cell.
  void open_cell();

  [[nodiscard]] bool is_open(Tag tag) const;
  /// Index of the innermost one, or size() of the stack.
  [[nodiscard]] std::size_t innermost(Tag tag) const;
  [[nodiscard]] std::size_t none() const { return open_.size(); }
  [[nodiscard]] bool between_parts() const {
    return !open_.empty() && is_row_frame(open_.back().tag);
  }
  [[nodiscard]] bool has_room(Tag tag) const;

  void push(Tag tag, const std::vector<Piece::Attribute>& attributes = {});
  void close_down_to(std::size_t size);
  void write_tag(Tag tag, const std::vector<Piece::Attribute>& attributes);

  std::string out_;
  std::vector<Open> open_;
  std::array<std::size_t, tag_count> dropped_{};  ///< start tags whose end tag is to be dropped too
};

}  // namespace kronborg::spaces
