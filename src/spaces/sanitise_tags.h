#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kronborg::spaces {

/// The allow-list of docs/protocol/spaces.md section 8.6.
enum class Tag : std::uint8_t {
  p,
  br,
  hr,
  h1,
  h2,
  h3,
  h4,
  h5,
  h6,
  b,
  strong,
  i,
  em,
  u,
  s,
  code,
  pre,
  blockquote,
  ul,
  ol,
  li,
  table,
  thead,
  tbody,
  tr,
  th,
  td,
  a,
  img,
};
inline constexpr std::size_t tag_count = 29;

std::optional<Tag> tag_named(std::string_view name);  ///< lower case
std::string_view name_of(Tag tag);

bool is_void(Tag tag);        ///< has no end tag
bool is_formatting(Tag tag);  ///< a run of text: b, a and the like
bool is_heading(Tag tag);
bool is_cell(Tag tag);
bool is_row_frame(Tag tag);  ///< table, thead, tbody, tr: hold only parts of tables
bool may_have(Tag tag, std::string_view attribute);

/// What becomes of an element that is not on the list.
enum class Unlisted : std::uint8_t {
  text_stays,  ///< only the tags go
  parts,       ///< so do they, but their edges part words: `<div>a</div><div>b</div>`
  goes,        ///< with all that it holds, up to its end tag
  goes_raw,    ///< the same, and what it holds are no tags but text
};
Unlisted unlisted(std::string_view name);  ///< lower case

}  // namespace kronborg::spaces
