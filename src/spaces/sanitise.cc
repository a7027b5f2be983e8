#include "spaces/sanitise.h"

#include <fmt/format.h>
#include <gumbo.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/text.h"
#include "spaces/content.h"
#include "spaces/sanitise_balance.h"
#include "spaces/sanitise_markup.h"

// In three steps: Markup and Balance make of anything a properly nested text of elements and
// attributes on the list; the parser says what a browser makes of that; and that alone is written.
// Whether a browser then reads what was written as it is meant is not believed but tried.

namespace kronborg::spaces {
namespace {

constexpr int most_rounds = 4;

/// Control characters; and U+FEFF, which parsers take for a mark where a text begins with it.
bool is_dropped(char32_t scalar) {
  return (scalar < 0x20 && scalar != '\t' && scalar != '\n') ||
         (scalar >= 0x7F && scalar <= 0x9F) || scalar == 0xFEFF;
}

enum class Place : std::uint8_t { text, attribute };

void append_escaped(std::string& out, std::string_view text, Place place) {
  for (std::size_t at = 0; at < text.size();) {
    const char32_t scalar = base::next_scalar(text, at);
    switch (scalar) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += place == Place::attribute ? "&quot;" : "\"";
        break;
      default:
        if (!is_dropped(scalar)) base::append_scalar(out, scalar);
    }
  }
}

/// As a browser reads it: white space and control characters around it and line ends in it do not
/// count, and what is not ASCII is percent-encoded.
std::string plain_link(std::string_view text) {
  const auto counts = [](char c) { return static_cast<unsigned char>(c) > 0x20; };
  const auto* const first = std::ranges::find_if(text, counts);
  std::string link;
  for (const char c : std::string_view(first, text.end())) {
    if (c == '\t' || c == '\n' || c == '\r') continue;
    if (static_cast<unsigned char>(c) < 0x80) {
      link += c;
    } else {
      link += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  while (!link.empty() && !counts(link.back())) link.pop_back();
  return link;
}

class Writer {
 public:
  explicit Writer(bool only_text) : only_text_(only_text) {}
  void write_children(const GumboVector& children, std::size_t depth);
  std::string out;

 private:
  void write(const GumboNode& node, std::size_t depth);
  void write_element(const GumboElement& element, Tag tag, std::size_t depth);
  bool write_start(const GumboElement& element, Tag tag);
  void write_attribute(std::string_view name, std::string_view value);

  const bool only_text_;
};

std::optional<std::string_view> attribute(const GumboElement& element, const char* name) {
  const GumboAttribute* found = gumbo_get_attribute(&element.attributes, name);
  if (found == nullptr) return std::nullopt;
  return found->value;
}

void Writer::write_children(const GumboVector& children, std::size_t depth) {
  for (unsigned i = 0; i < children.length; ++i) {
    write(*static_cast<const GumboNode*>(children.data[i]), depth);
  }
}

void Writer::write(const GumboNode& node, std::size_t depth) {
  if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE) {
    append_escaped(out, node.v.text.text, Place::text);
  }
  if (node.type != GUMBO_NODE_ELEMENT) return;
  const GumboElement& element = node.v.element;
  const auto tag = tag_named(gumbo_normalized_tagname(element.tag));
  if (tag && element.tag_namespace == GUMBO_NAMESPACE_HTML && depth < max_html_depth &&
      !only_text_) {
    write_element(element, *tag, depth);
  } else {
    write_children(element.children, depth);
  }
}

void Writer::write_element(const GumboElement& element, Tag tag, std::size_t depth) {
  const bool written = write_start(element, tag);
  const std::size_t begin = out.size();
  write_children(element.children, depth + 1);
  if (!written || is_void(tag)) return;
  // A parser drops one line end behind this tag.
  if (tag == Tag::pre && out.size() > begin && out[begin] == '\n') out.insert(begin, 1, '\n');
  out += fmt::format("</{}>", name_of(tag));
}

/// False when the element has nothing to show without what it may not have.
bool Writer::write_start(const GumboElement& element, Tag tag) {
  const std::size_t begin = out.size();
  out += fmt::format("<{}", name_of(tag));
  if (tag == Tag::a) {
    const std::string link = plain_link(attribute(element, "href").value_or(""));
    if (!is_https_url(link) && !is_mailto_url(link)) {
      out.resize(begin);
      return false;
    }
    write_attribute("href", link);
  } else if (tag == Tag::img) {
    const auto source = attribute(element, "src");
    const auto words = attribute(element, "alt");
    const bool shown = source && is_image_data_url(*source);
    if (!shown && (!words || words->empty())) {
      out.resize(begin);
      return false;
    }
    if (shown) write_attribute("src", *source);
    if (words) write_attribute("alt", *words);
  } else if (is_cell(tag)) {
    for (const char* name : {"colspan", "rowspan"}) {
      const auto text = attribute(element, name).value_or("");
      unsigned span = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), span);
      const bool whole = error == std::errc() && end == text.data() + text.size();
      if (whole && span >= 1 && span <= 1000) write_attribute(name, std::to_string(span));
    }
  }
  if (const auto title = attribute(element, "title"); title && may_have(tag, "title")) {
    write_attribute("title", *title);
  }
  if (tag == Tag::a) out += R"( rel="noopener noreferrer nofollow" target="_blank")";
  out += '>';
  return true;
}

void Writer::write_attribute(std::string_view name, std::string_view value) {
  out += fmt::format(" {}=\"", name);
  append_escaped(out, value, Place::attribute);
  out += '"';
}

std::string pass(std::string_view html, bool only_text) {
  Markup markup(html);
  Balance balance;
  while (const auto piece = markup.next()) balance.take(*piece);
  const std::string balanced = balance.finish();
  GumboOptions options = kGumboDefaultOptions;
  options.fragment_context = GUMBO_TAG_BODY;
  options.max_errors = 0;
  const auto destroy = [&options](GumboOutput* output) { gumbo_destroy_output(&options, output); };
  const std::unique_ptr<GumboOutput, decltype(destroy)> output(
      gumbo_parse_with_options(&options, balanced.data(), balanced.size()), destroy);
  Writer writer(only_text);
  writer.write_children(output->root->v.element.children, 0);
  return std::move(writer.out);
}

}  // namespace

std::string sanitise(std::string_view html) {
  std::string text = pass(html, false);
  for (int round = 1; round < most_rounds; ++round) {
    std::string again = pass(text, false);
    if (again == text) return text;
    text = std::move(again);
  }
  return pass(text, true);
}

}  // namespace kronborg::spaces
