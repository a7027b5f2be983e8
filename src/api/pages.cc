#include "api/pages.h"

#include <fmt/format.h>

#include <array>

#include "api/addresses.h"
#include "api/embedded.h"
#include "api/error_page.h"
#include "base/text.h"
#include "spaces/parts.h"

namespace kronborg::api {
namespace {

struct PageFacts {
  std::string_view name;
  bool of_spaces;
};
constexpr std::array<PageFacts, 7> page_table{{{"quickstart", true},
                                               {"authentication", false},
                                               {"api", true},
                                               {"mcp", true},
                                               {"a2a", true},
                                               {"artifacts", true},
                                               {"errors", false}}};

constexpr std::string_view heading_mark = "# ";

std::string first_heading(std::string_view markdown) {
  if (!markdown.starts_with(heading_mark)) return {};
  markdown.remove_prefix(heading_mark.size());
  return std::string(markdown.substr(0, markdown.find('\n')));
}

/// `Keys of a space` is `keys-of-a-space`, as in other renderings of Markdown.
std::string anchor_of(std::string_view heading) {
  std::string anchor;
  bool in_tag = false;
  for (const char c : base::lower(heading)) {
    if (c == '<') in_tag = true;
    if (!in_tag && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) {
      anchor += c;
    }
    if (!in_tag && c == ' ') anchor += '-';
    if (c == '>') in_tag = false;
  }
  return anchor;
}

/// Every `<h2>` gets its text as its id.
std::string with_anchors(std::string html) {
  constexpr std::string_view begin = "<h2>";
  for (std::size_t at = html.find(begin); at != std::string::npos; at = html.find(begin, at + 1)) {
    const std::size_t text = at + begin.size();
    const std::string_view heading =
        std::string_view(html).substr(text, html.find("</h2>", text) - text);
    html.replace(at, begin.size(), fmt::format("<h2 id=\"{}\">", anchor_of(heading)));
  }
  return html;
}

/// The links between pages name the Markdown form; on an HTML page they stay among HTML pages.
std::string with_html_links(std::string html, const std::string& origin) {
  for (const PageFacts& page : page_table) {
    const std::string link = fmt::format("href=\"{}/docs/{}.md", origin, page.name);
    for (std::size_t at = html.find(link); at != std::string::npos; at = html.find(link, at + 1)) {
      html.erase(at + link.size() - 3, 3);
    }
  }
  return html;
}

std::string navigation(std::string_view current, const Settings& settings) {
  std::string links;
  for (const PageFacts& page : page_table) {
    if (page.of_spaces && !settings.spaces_enabled) continue;
    const std::string title = first_heading(embedded(fmt::format("docs/{}.md", page.name)));
    links += fmt::format("<a href=\"/docs/{}\"{}>{}</a>\n", page.name,
                         page.name == current ? " aria-current=\"page\"" : "", title);
  }
  return links;
}

/// What this server calls itself, on one line.
std::string service_of(const Settings& settings) {
  std::string name = settings.spaces_enabled ? settings.service_name : settings.resource_name;
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return name;
}

std::string html_page(const Page& page, std::string body, const Settings& settings) {
  Blanks blanks;
  blanks.values = {{"title", page.title}, {"name", page.name}, {"service", service_of(settings)}};
  blanks.blocks = {{"navigation", navigation(page.name, settings)}, {"body", std::move(body)}};
  return fill(embedded("docs/page.html"), blanks, TextForm::html);
}

std::string rate_text(const Rate& rate) {
  if (rate.window_s == 60) return fmt::format("{} per minute", rate.quota);
  if (rate.window_s == 3600) return fmt::format("{} per hour", rate.quota);
  return fmt::format("{} per {} s", rate.quota, rate.window_s);
}

}  // namespace

Blanks blanks_of(const Settings& settings) {
  const Addresses at(settings);
  Blanks blanks;
  blanks.values = {
      {"origin", at.origin},
      {"service", service_of(settings)},
      {"host", at.host},
      {"openapi", at.openapi},
      {"mcp", at.mcp},
      {"mcp_card", at.mcp_card},
      {"a2a", at.a2a},
      {"agent_card", at.agent_card},
      {"max_message_bytes", std::to_string(spaces::max_message_bytes)},
      {"max_artifact_bytes", std::to_string(spaces::max_artifact_bytes)},
      {"max_participants", std::to_string(spaces::max_participants)},
      {"max_messages", std::to_string(spaces::max_messages)},
      {"max_artifacts", std::to_string(spaces::max_artifacts)},
      {"unused_days", std::to_string(spaces::unused_after_ms / spaces::day_ms)},
      {"join_days", std::to_string(spaces::join_request_ms / spaces::day_ms)},
      {"dead_days", std::to_string(spaces::dead_key_ms / spaces::day_ms)},
  };
  for (std::size_t i = 0; i < policy_count; ++i) {
    blanks.values.emplace("rate " + std::string(policy_table[i].name),
                          rate_text(settings.rates[i]));
  }
  if (settings.spaces_enabled) blanks.on.insert("spaces");
  if (settings.anonymous_create) blanks.on.insert("anonymous");
  if (settings.owns_docs) blanks.on.insert("docs");
  if (settings.owns_mcp) blanks.on.insert("mcp");
  return blanks;
}

std::vector<Page> documentation(const Settings& settings) {
  Blanks blanks = blanks_of(settings);
  std::vector<Page> pages;
  for (const PageFacts& facts : page_table) {
    if (facts.of_spaces && !settings.spaces_enabled) continue;
    Page page{.name = std::string(facts.name), .title = {}, .markdown = {}, .html = {}};
    blanks.blocks["codes"] = codes_as_markdown();
    page.markdown =
        fill(embedded(fmt::format("docs/{}.md", facts.name)), blanks, TextForm::markdown);
    page.title = first_heading(page.markdown);
    blanks.blocks["codes"] = codes_as_html();
    std::string body = with_anchors(
        fill(embedded(fmt::format("docs/{}.html", facts.name)), blanks, TextForm::html));
    page.html = html_page(page, with_html_links(std::move(body), settings.origin), settings);
    pages.push_back(std::move(page));
  }
  return pages;
}

std::string_view style_sheet() { return embedded("docs/style.css"); }

std::string llms_text(const Settings& settings, const std::vector<Page>& pages) {
  Blanks blanks = blanks_of(settings);
  std::string links;
  for (const Page& page : pages) {
    links += fmt::format("- [{}]({}/docs/{}.md)\n", page.title, settings.origin, page.name);
  }
  blanks.blocks["pages"] = links;
  return fill(embedded("docs/llms.txt"), blanks, TextForm::markdown);
}

std::string llms_full_text(const std::vector<Page>& pages) {
  std::string text;
  for (const Page& page : pages) {
    if (!text.empty()) text += "\n---\n\n";
    text += page.markdown;
  }
  return text;
}

}  // namespace kronborg::api
