#include "spaces/sanitise_tags.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kronborg::spaces {
namespace {

constexpr std::array<std::string_view, tag_count> names = {
    "p",      "br",    "hr",    "h1",    "h2", "h3",   "h4",  "h5",         "h6", "b",
    "strong", "i",     "em",    "u",     "s",  "code", "pre", "blockquote", "ul", "ol",
    "li",     "table", "thead", "tbody", "tr", "th",   "td",  "a",          "img"};
static_assert(names.back() == "img" && static_cast<std::size_t>(Tag::img) == tag_count - 1);

// Scripts and styles, other documents, other languages, media, and what a person could fill in or
// press.
constexpr auto gone = std::to_array<std::string_view>(
    {"applet", "audio", "button", "canvas", "datalist", "frameset", "math", "meter", "noscript",
     "object", "output", "progress", "select", "svg", "template", "video"});
constexpr auto gone_raw = std::to_array<std::string_view>(
    {"iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp"});
constexpr auto parting = std::to_array<std::string_view>(
    {"address", "article", "aside",   "caption", "center",   "dd",         "details",
     "dir",     "div",     "dl",      "dt",      "fieldset", "figcaption", "figure",
     "footer",  "form",    "header",  "hgroup",  "legend",   "main",       "menu",
     "nav",     "search",  "section", "summary", "tfoot"});

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

}  // namespace

std::optional<Tag> tag_named(std::string_view name) {
  const auto* const found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Tag>(found - names.begin());
}

std::string_view name_of(Tag tag) { return names.at(static_cast<std::size_t>(tag)); }

bool is_void(Tag tag) { return tag == Tag::br || tag == Tag::hr || tag == Tag::img; }

bool is_formatting(Tag tag) { return (tag >= Tag::b && tag <= Tag::code) || tag == Tag::a; }

bool is_heading(Tag tag) { return tag >= Tag::h1 && tag <= Tag::h6; }

bool is_cell(Tag tag) { return tag == Tag::td || tag == Tag::th; }

bool is_row_frame(Tag tag) { return tag >= Tag::table && tag <= Tag::tr; }

bool may_have(Tag tag, std::string_view attribute) {
  if (attribute == "title") return !is_row_frame(tag) || tag == Tag::table;
  if (attribute == "href") return tag == Tag::a;
  if (attribute == "src" || attribute == "alt") return tag == Tag::img;
  if (attribute == "colspan" || attribute == "rowspan") return is_cell(tag);
  return false;
}

Unlisted unlisted(std::string_view name) {
  if (holds(gone_raw, name)) return Unlisted::goes_raw;
  if (holds(gone, name)) return Unlisted::goes;
  return holds(parting, name) ? Unlisted::parts : Unlisted::text_stays;
}

}  // namespace kronborg::spaces
