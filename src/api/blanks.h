#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace kronborg::api {

/// Where a text ends up: what is filled in is escaped for it.
enum class TextForm : std::uint8_t { markdown, html };

/// What readable documents leave open, and the running configuration fills in.
///
/// `{{name}}` in a line is a value. A line that holds nothing but `{{if name}}` or `{{if !name}}`
/// begins a part that is shown when `name` is in `on`, or is not; a line `{{end}}` ends it. Parts
/// may stand in each other. A line that holds nothing but `{{name}}` of a block is replaced by it,
/// as it is. In HTML these lines may be paragraphs of their own.
struct Blanks {
  std::map<std::string, std::string, std::less<>> values;
  std::map<std::string, std::string, std::less<>> blocks;
  std::set<std::string, std::less<>> on;
};

/// A name that is not known stays as it is.
std::string fill(std::string_view source, const Blanks& blanks, TextForm form);

/// `&`, `<`, `>` and `"` as references.
std::string html_escaped(std::string_view text);

}  // namespace kronborg::api
