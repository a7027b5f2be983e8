#include "spaces/sanitise_balance.h"

#include "spaces/sanitise.h"

namespace kronborg::spaces {
namespace {

constexpr std::size_t table_room = 4;  // table, tbody, tr, td

bool is_white(std::string_view text) {
  return text.find_first_not_of(" \t\n\f\r") == std::string_view::npos;
}

/// What ends a paragraph that is still open.
bool ends_paragraph(Tag tag) { return !is_formatting(tag) && tag != Tag::br && tag != Tag::img; }

void append_quoted(std::string& out, std::string_view raw) {
  for (const char c : raw) {
    if (c == '"') {
      out += "&quot;";
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out += c;
    }
  }
}

}  // namespace

void Balance::take(const Piece& piece) {
  switch (piece.kind) {
    case Piece::Kind::text:
      return text(piece.text);
    case Piece::Kind::parting:
      return text("\n");
    case Piece::Kind::start:
      return start(piece);
    case Piece::Kind::end:
      return end(piece.tag);
  }
}

std::string Balance::finish() {
  close_down_to(0);
  return std::move(out_);
}

void Balance::text(std::string_view raw) {
  if (between_parts() && !is_white(raw)) open_cell();
  for (const char c : raw) {
    if (c == '<') {
      out_ += "&lt;";
    } else {
      out_ += c;
    }
  }
}

void Balance::start(const Piece& piece) {
  const Tag tag = piece.tag;
  if (is_cell(tag) || (is_row_frame(tag) && tag != Tag::table)) {
    if (make_place_for(tag)) push(tag, piece.attributes);
    return;
  }
  make_way(tag);
  if (!has_room(tag) || (is_formatting(tag) && is_open(tag))) {
    if (!is_void(tag)) ++dropped_.at(static_cast<std::size_t>(tag));
    return;
  }
  if (between_parts()) open_cell();
  if (is_void(tag)) {
    write_tag(tag, piece.attributes);
  } else {
    push(tag, piece.attributes);
  }
}

void Balance::end(Tag tag) {
  if (is_void(tag)) return;
  if (std::size_t& dropped = dropped_.at(static_cast<std::size_t>(tag)); dropped > 0) {
    --dropped;
    return;
  }
  const bool of_table = is_cell(tag) || is_row_frame(tag);
  bool inside_others = false;
  for (std::size_t i = open_.size(); i > 0; --i) {
    Open& one = open_[i - 1];
    if (one.tag == tag || (is_heading(tag) && is_heading(one.tag))) {
      if (is_formatting(tag) && inside_others) {
        one.ended = true;
      } else {
        close_down_to(i - 1);
      }
      return;
    }
    if (of_table ? one.tag == Tag::table : is_cell(one.tag) || is_row_frame(one.tag)) return;
    if (tag == Tag::li && (one.tag == Tag::ul || one.tag == Tag::ol)) return;
    inside_others = inside_others || !is_formatting(one.tag);
  }
}

void Balance::make_way(Tag tag) {
  if (tag == Tag::a || tag == Tag::li || is_heading(tag)) {
    for (std::size_t i = open_.size(); i > 0; --i) {
      const Tag other = open_[i - 1].tag;
      if (other == tag || (is_heading(tag) && is_heading(other))) {
        close_down_to(i - 1);
        break;
      }
      if (!is_formatting(other) && (other != Tag::p || tag == Tag::a)) break;
    }
  }
  if (ends_paragraph(tag)) close_paragraph();
}

void Balance::close_paragraph() {
  for (std::size_t i = open_.size(); i > 0; --i) {
    const Tag tag = open_[i - 1].tag;
    if (tag == Tag::p) return close_down_to(i - 1);
    if (is_cell(tag) || is_row_frame(tag)) return;
  }
}

bool Balance::make_place_for(Tag part) {
  const std::size_t table = innermost(Tag::table);
  if (table == none()) return false;
  const auto has = [&](std::size_t index, Tag one, Tag other) {
    return index < open_.size() && (open_[index].tag == one || open_[index].tag == other);
  };
  const bool in_section = has(table + 1, Tag::thead, Tag::tbody);
  const bool in_row = in_section && has(table + 2, Tag::tr, Tag::tr);
  if (part == Tag::thead || part == Tag::tbody) {
    close_down_to(table + 1);
  } else if (part == Tag::tr || !in_row) {
    close_down_to(table + (in_section ? 2 : 1));
    if (!in_section) push(Tag::tbody);
    if (part != Tag::tr) push(Tag::tr);
  } else {
    close_down_to(table + 3);
  }
  return true;
}

void Balance::open_cell() {
  if (make_place_for(Tag::td)) push(Tag::td);
}

bool Balance::is_open(Tag tag) const { return innermost(tag) != none(); }

std::size_t Balance::innermost(Tag tag) const {
  for (std::size_t i = open_.size(); i > 0; --i) {
    if (open_[i - 1].tag == tag) return i - 1;
  }
  return none();
}

/// A table is opened only where its cells fit too, and so does a cell that must be opened first.
bool Balance::has_room(Tag tag) const {
  std::size_t depth = open_.size();
  if (between_parts()) depth = innermost(Tag::table) + table_room;
  if (is_void(tag)) return depth < max_html_depth;
  return depth + (tag == Tag::table ? table_room : 1) <= max_html_depth;
}

void Balance::push(Tag tag, const std::vector<Piece::Attribute>& attributes) {
  write_tag(tag, attributes);
  open_.push_back({.tag = tag});
}

void Balance::close_down_to(std::size_t size) {
  while (open_.size() > size || (!open_.empty() && open_.back().ended)) {
    out_ += "</";
    out_ += name_of(open_.back().tag);
    out_ += '>';
    open_.pop_back();
  }
}

void Balance::write_tag(Tag tag, const std::vector<Piece::Attribute>& attributes) {
  out_ += '<';
  out_ += name_of(tag);
  for (const auto& [name, value] : attributes) {
    out_ += ' ';
    out_ += name;
    out_ += "=\"";
    append_quoted(out_, value);
    out_ += '"';
  }
  out_ += '>';
}

}  // namespace kronborg::spaces
