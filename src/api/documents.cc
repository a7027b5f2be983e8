#include "api/documents.h"

#include <algorithm>
#include <map>

#include "api/accept.h"
#include "api/auth_guide.h"
#include "api/cards.h"
#include "api/document_parts.h"
#include "api/metadata.h"
#include "api/openapi.h"
#include "api/pages.h"
#include "base/json.h"

namespace kronborg::api {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view markdown_type = "text/markdown; charset=utf-8";
constexpr std::string_view text_type = "text/plain; charset=utf-8";
constexpr std::string_view html_type = "text/html; charset=utf-8";
constexpr std::string_view style_type = "text/css; charset=utf-8";

constexpr std::string_view for_minutes = "public, max-age=300";
constexpr std::string_view for_an_hour = "public, max-age=3600";
constexpr std::string_view for_a_day = "public, max-age=86400";

constexpr std::string_view robots =
    "User-agent: *\n"
    "Disallow: /space/\n"
    "Disallow: /join/\n"
    "Disallow: /link\n"
    "Disallow: /enroll\n"
    "Disallow: /oresundspace/\n";

constexpr std::string_view beginnings[] = {"/.well-known/", "/auth.md",      "/docs/",
                                           "/llms",         "/mcp/",         "/openapi.json",
                                           "/robots.txt",   "/oresundspace/"};

bool may_be_document(std::string_view path) {
  return std::ranges::any_of(beginnings,
                             [&](std::string_view start) { return path.starts_with(start); });
}

}  // namespace

/// The documents, as they are made.
struct Documents::Making {
  explicit Making(const Settings& settings);
  void add(std::string path, std::string_view type, std::string_view cache, std::string body);
  void add_metadata();
  void add_cards();
  void add_pages();
  void add_openapi();

  const Settings& settings;
  std::vector<Document> documents;
};

Documents::Making::Making(const Settings& s) : settings(s) {
  add_metadata();
  add("/auth.md", markdown_type, for_minutes, auth_guide(settings));
  if (settings.spaces_enabled) add_cards();
  if (settings.spaces_enabled) add("/robots.txt", text_type, for_a_day, std::string(robots));
  if (settings.owns_docs) add_pages();
  add_openapi();
  std::ranges::sort(documents, {}, &Document::path);
}

Documents::Documents(const Settings& settings)
    : settings_(settings),
      computed_{.path = std::string(resource_metadata_path) + "/{path}",
                .content_type = std::string(json_type),
                .cache_control = std::string(for_minutes),
                .body = {},
                .etag = {}} {}

const std::vector<Document>& Documents::made() const {
  std::call_once(once_, [this] { documents_ = Making(settings_).documents; });
  return documents_;
}

void Documents::Making::add(std::string path, std::string_view type, std::string_view cache,
                            std::string body) {
  std::string etag = tag_of(body);
  documents.push_back(
      {std::move(path), std::string(type), std::string(cache), std::move(body), std::move(etag)});
}

void Documents::Making::add_metadata() {
  add(std::string(resource_metadata_path), json_type, for_minutes,
      base::to_text(protected_resource(settings, settings.origin)));
  if (!settings.spaces_enabled) return;
  add("/.well-known/oauth-authorization-server", json_type, for_minutes,
      base::to_text(authorization_server(settings)));
}

void Documents::Making::add_cards() {
  const std::string agent = base::to_text(agent_card(settings));
  add("/oresundspace/agent-card.json", json_type, for_an_hour, agent);
  if (settings.owns_a2a) {
    add("/.well-known/agent-card.json", json_type, for_an_hour, agent);
    add("/.well-known/agent.json", json_type, for_an_hour, agent);
  }
  constexpr std::string_view card_type = "application/mcp-server-card+json";
  const std::string card = base::to_text(mcp_server_card(settings));
  add("/oresundspace/mcp/server-card", card_type, for_an_hour, card);
  if (settings.owns_mcp) {
    add("/mcp/server-card", card_type, for_an_hour, card);
    const std::string discovery = base::to_text(mcp_discovery(settings));
    for (const char* path : {"/.well-known/mcp", "/.well-known/mcp.json", "/mcp/manifest.json"}) {
      add(path, json_type, for_an_hour, discovery);
    }
    add("/.well-known/mcp/server-card.json", json_type, for_an_hour,
        base::to_text(mcp_server_card_with_tools(settings)));
  }
  add("/.well-known/ai-catalog.json", "application/ai-catalog+json", for_an_hour,
      base::to_text(ai_catalog(settings)));
}

void Documents::Making::add_pages() {
  std::vector<Page> pages = documentation(settings);
  add("/llms.txt", text_type, for_an_hour, llms_text(settings, pages));
  add("/llms-full.txt", text_type, for_an_hour, llms_full_text(pages));
  add("/docs/style.css", style_type, for_an_hour, std::string(style_sheet()));
  for (Page& page : pages) {
    add("/docs/" + page.name, html_type, for_an_hour, std::move(page.html));
    add("/docs/" + page.name + ".md", markdown_type, for_an_hour, std::move(page.markdown));
  }
}

void Documents::Making::add_openapi() {
  std::map<std::string, std::string, std::less<>> texts;
  for (const Document& document : documents) texts.emplace(document.path, document.body);
  const bool has_twin = settings.spaces_enabled || !settings.owns_docs;
  if (settings.owns_docs) texts.emplace("/openapi.json", "");
  if (has_twin) texts.emplace("/oresundspace/openapi.json", "");
  const std::string text = openapi_document(settings, texts);
  if (settings.owns_docs) add("/openapi.json", json_type, for_an_hour, text);
  if (has_twin) add("/oresundspace/openapi.json", json_type, for_an_hour, text);
}

const Document* Documents::find(std::string_view path) const {
  // Asked for every request of the gate: almost no path needs more than a look at its start.
  if (!may_be_document(path)) return nullptr;
  const auto& documents = made();
  const auto found = std::ranges::lower_bound(documents, path, {}, &Document::path);
  if (found != documents.end() && found->path == path) return &*found;
  return computed(path) ? &computed_ : nullptr;
}

std::vector<std::string> Documents::paths() const {
  std::vector<std::string> paths;
  for (const Document& document : made()) paths.push_back(document.path);
  return paths;
}

std::optional<std::string> Documents::computed(std::string_view path) const {
  if (!path.starts_with(resource_metadata_path)) return std::nullopt;
  return resource_at(settings_, path.substr(resource_metadata_path.size()));
}

std::string_view Documents::media_type(const Document& document) {
  const std::string_view type = document.content_type;
  return type.substr(0, type.find(';'));
}

bool Documents::fits(const Document& document, std::string_view accept) {
  const std::string_view type = media_type(document);
  return accept_weight(accept, type) > 0 ||
         (type.ends_with("+json") && accept_weight(accept, json_type) > 0);
}

Response Documents::answer(std::string_view path, std::string_view if_none_match) const {
  const Document* const document = find(path);
  std::string body = document->body;
  std::string etag = document->etag;
  if (document == &computed_) {
    body = base::to_text(protected_resource(settings_, *computed(path)));
    etag = tag_of(body);
  }
  Response response;
  response.content_type = document->content_type;
  response.fields = {{"Cache-Control", document->cache_control},
                     {"ETag", etag},
                     {"Access-Control-Allow-Origin", "*"},
                     {"Access-Control-Expose-Headers", "ETag, Link"}};
  if (document->content_type == html_type) add_page_fields(response);
  if (names_tag(if_none_match, etag)) {
    response.status = 304;
  } else {
    response.body = std::move(body);
  }
  return response;
}

Response preflight_answer() {
  Response response;
  response.status = 204;
  response.content_type.clear();
  // A browser takes `*` as every name but Authorization (Fetch, section 3.3.3).
  response.fields = {{"Access-Control-Allow-Origin", "*"},
                     {"Access-Control-Allow-Methods", "GET, HEAD"},
                     {"Access-Control-Allow-Headers", "*, Authorization"},
                     {"Access-Control-Max-Age", "600"}};
  return response;
}

}  // namespace kronborg::api
