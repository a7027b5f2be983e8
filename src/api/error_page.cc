#include "api/error_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "api/blanks.h"
#include "base/error.h"

namespace kronborg::api {
namespace {

constexpr std::array every_code{
#define KRONBORG_ERROR(name, status, exit_code, text, hint) base::Code::name,
#include "base/error_codes.def"
#undef KRONBORG_ERROR
};

/// By name, so that a reader finds one.
auto sorted_facts() {
  std::array<base::CodeFacts, every_code.size()> facts;
  std::ranges::transform(every_code, facts.begin(),
                         [](base::Code code) { return base::facts(code); });
  std::ranges::sort(facts, {}, &base::CodeFacts::name);
  return facts;
}

std::string said(const base::CodeFacts& code) {
  std::string text(code.text);
  if (!code.hint.empty()) text += ' ' + std::string(code.hint);
  return text;
}

/// `<` would begin a tag.
std::string markdown_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::string codes_as_markdown() {
  std::string text;
  for (const base::CodeFacts& code : sorted_facts()) {
    text += fmt::format("### {}\n\nHTTP {}. {}\n\n", code.name, code.http_status,
                        markdown_escaped(said(code)));
  }
  text.pop_back();
  return text;
}

std::string codes_as_html() {
  std::string html;
  for (const base::CodeFacts& code : sorted_facts()) {
    html += fmt::format(
        "<h3 id=\"{0}\"><a href=\"#{0}\"><code>{0}</code></a></h3>\n<p>HTTP {1}. {2}</p>\n",
        code.name, code.http_status, html_escaped(said(code)));
  }
  return html;
}

}  // namespace kronborg::api
