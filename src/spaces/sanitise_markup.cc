#include "spaces/sanitise_markup.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace kronborg::spaces {
namespace {

using Kind = Piece::Kind;

constexpr std::string_view white = " \t\n\f\r";
constexpr std::size_t longest_name = 16;  // longer ones are unknown

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool begins_markup(char next) {
  return is_letter(next) || next == '/' || next == '!' || next == '?';
}

/// The spelling of an attribute that some tag may have; empty: none may.
std::string_view known_attribute(std::string_view name) {
  constexpr auto known =
      std::to_array<std::string_view>({"href", "src", "alt", "title", "colspan", "rowspan"});
  for (const std::string_view one : known) {
    if (base::equal_ignoring_case(one, name)) return one;
  }
  return {};
}

}  // namespace

std::optional<Piece> Markup::next() {
  Found found;
  while (find(found)) {
    if (found.kind == Found::Kind::none) continue;
    if (found.kind == Found::Kind::text)
      return Piece{.kind = Kind::text, .text = found.text, .attributes = {}};
    const bool starts = found.kind == Found::Kind::start;
    if (found.tag) {
      return Piece{.kind = starts ? Kind::start : Kind::end,
                   .tag = *found.tag,
                   .text = {},
                   .attributes = std::move(found.attributes)};
    }
    const Unlisted fate = unlisted(found.name);
    if (fate == Unlisted::parts) return Piece{.kind = Kind::parting, .text = {}, .attributes = {}};
    if (!starts || fate == Unlisted::text_stays) continue;
    if (fate == Unlisted::goes_raw) {
      skip_raw(found.name);
    } else if (!found.closes_itself || (found.name != "svg" && found.name != "math")) {
      skip_whole(found.name);
    }
  }
  return std::nullopt;
}

bool Markup::find(Found& found) {
  found = {};
  if (position_ >= html_.size()) return false;
  if (html_[position_] == '<' && begins_markup(at(position_ + 1))) {
    find_markup(found);
    return true;
  }
  std::size_t end = position_;
  do {
    end = html_.find('<', end + 1);
  } while (end < html_.size() && !begins_markup(at(end + 1)));
  found.kind = Found::Kind::text;
  found.text = html_.substr(position_, end - position_);
  position_ = std::min(end, html_.size());
  return true;
}

void Markup::find_markup(Found& found) {
  const char next = at(position_ + 1);
  if (is_letter(next)) {
    ++position_;
    return find_tag(found, Found::Kind::start);
  }
  if (next == '/' && is_letter(at(position_ + 2))) {
    position_ += 2;
    return find_tag(found, Found::Kind::end);
  }
  if (next == '!' && html_.substr(position_).starts_with("<!--")) return skip_comment();
  skip_behind(">");
}

/// At the first letter of the name.
void Markup::find_tag(Found& found, Found::Kind kind) {
  const std::size_t end = std::min(html_.find_first_of(" \t\n\f\r/>", position_), html_.size());
  const std::string_view name = html_.substr(position_, end - position_);
  if (name.size() <= longest_name) found.name = base::lower(name);
  found.tag = tag_named(found.name);
  position_ = end;
  while (position_ < html_.size()) {
    const char c = html_[position_];
    if (c == '>') {
      ++position_;
      found.kind = kind;
      return;
    }
    if (c == '/') {
      found.closes_itself = at(++position_) == '>';
    } else if (white.contains(c)) {
      ++position_;
    } else {
      read_attribute(found);
    }
  }
  // The text ends inside the tag: it is none.
}

/// At the first character of its name.
void Markup::read_attribute(Found& found) {
  const std::size_t name_end =
      std::min(html_.find_first_of("= \t\n\f\r/>", position_ + 1), html_.size());
  const std::string_view name = known_attribute(html_.substr(position_, name_end - position_));
  const std::size_t sign = std::min(html_.find_first_not_of(white, name_end), html_.size());
  position_ = name_end;
  std::string_view value;
  if (at(sign) == '=') {
    position_ = std::min(html_.find_first_not_of(white, sign + 1), html_.size());
    const char quote = at(position_);
    if (quote == '"' || quote == '\'') {
      const std::size_t end = html_.find(quote, position_ + 1);
      if (end == std::string_view::npos) {
        position_ = html_.size();
        return;
      }
      value = html_.substr(position_ + 1, end - position_ - 1);
      position_ = end + 1;
    } else {
      const std::size_t end = std::min(html_.find_first_of(" \t\n\f\r>", position_), html_.size());
      value = html_.substr(position_, end - position_);
      position_ = end;
    }
  }
  if (!found.tag || name.empty() || !may_have(*found.tag, name)) return;
  if (std::ranges::find(found.attributes, name, &Piece::Attribute::name) != found.attributes.end())
    return;
  found.attributes.push_back({.name = name, .value = value});
}

/// `<!-->` and `<!--->` are whole ones; `--!>` ends one too.
void Markup::skip_comment() {
  const std::string_view rest = html_.substr(position_ + 4);
  if (rest.starts_with(">") || rest.starts_with("->")) return skip_behind(">");
  position_ += 4;
  while (position_ < html_.size()) {
    skip_behind("--");
    if (at(position_) == '>' || (at(position_) == '!' && at(position_ + 1) == '>'))
      return skip_behind(">");
    if (position_ < html_.size()) --position_;  // the second `-` may begin the end
  }
}

void Markup::skip_behind(std::string_view mark) {
  const std::size_t found = html_.find(mark, position_);
  position_ = found == std::string_view::npos ? html_.size() : found + mark.size();
}

/// Behind the end tag of an element that holds text and no tags.
void Markup::skip_raw(std::string_view name) {
  if (name == "plaintext") position_ = html_.size();
  while (position_ < html_.size()) {
    skip_behind("</");
    const std::string_view rest = html_.substr(position_);
    const std::size_t behind = position_ + name.size();
    if (!base::equal_ignoring_case(rest.substr(0, name.size()), name)) continue;
    if (behind >= html_.size() || std::string_view(" \t\n\f\r/>").contains(html_[behind])) {
      Found end;
      return find_tag(end, Found::Kind::end);
    }
  }
}

/// Behind the end tag of an element with elements in it.
void Markup::skip_whole(const std::string& name) {
  Found found;
  for (std::size_t open = 1; open > 0 && find(found);) {
    const bool starts = found.kind == Found::Kind::start;
    if (starts && !found.tag && unlisted(found.name) == Unlisted::goes_raw) {
      skip_raw(found.name);
    } else if (found.name == name && starts && !found.closes_itself) {
      ++open;
    } else if (found.name == name && found.kind == Found::Kind::end) {
      --open;
    }
  }
}

}  // namespace kronborg::spaces
