#include "api/documents.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <span>

#include "api/auth_guide.h"
#include "api/openapi.h"
#include "base/bytes.h"
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/hash.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::size_t tag_bytes = 8;

/// RFC 9728; names only what is there.
std::string protected_resource(const Settings& settings) {
  json::object metadata;
  metadata["resource"] = settings.origin;
  if (!settings.resource_name.empty()) metadata["resource_name"] = settings.resource_name;
  metadata["bearer_methods_supported"] = json::array{"header"};
  metadata["resource_documentation"] = settings.origin + "/auth.md";
  return base::to_text(metadata);
}

std::string tag_of(std::string_view body) {
  const auto hash = crypto::sha256(base::bytes_of(body));
  return '"' + base::hex(std::span(hash).first<tag_bytes>()) + '"';
}

/// RFC 9110 section 13.1.2: weak comparison.
bool names(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const auto comma = if_none_match.find(',');
    std::string_view tag = if_none_match.substr(0, comma);
    if_none_match =
        comma == std::string_view::npos ? std::string_view{} : if_none_match.substr(comma + 1);
    while (tag.starts_with(' ') || tag.starts_with('\t')) tag.remove_prefix(1);
    while (tag.ends_with(' ') || tag.ends_with('\t')) tag.remove_suffix(1);
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag) return true;
  }
  return false;
}

}  // namespace

Documents::Documents(const Settings& settings) {
  const auto add = [&](std::string path, std::string type, std::string cache, std::string body) {
    std::string etag = tag_of(body);
    documents_.push_back(
        {std::move(path), std::move(type), std::move(cache), std::move(body), std::move(etag)});
  };
  add("/.well-known/oauth-protected-resource", "application/json", "public, max-age=300",
      protected_resource(settings));
  add("/auth.md", "text/markdown; charset=utf-8", "public, max-age=300", auth_guide(settings));
  add("/openapi.json", "application/json", "public, max-age=3600",
      openapi_document(settings.origin));
}

const Document* Documents::find(std::string_view path) const {
  const auto found = std::ranges::find(documents_, path, &Document::path);
  return found == documents_.end() ? nullptr : &*found;
}

std::string_view Documents::media_type(const Document& document) {
  const std::string_view type = document.content_type;
  return type.substr(0, type.find(';'));
}

Response answer_with(const Document& document, std::string_view if_none_match) {
  Response response;
  response.content_type = document.content_type;
  response.fields = {{"Cache-Control", document.cache_control},
                     {"ETag", document.etag},
                     {"Access-Control-Allow-Origin", "*"},
                     {"Access-Control-Expose-Headers", "ETag, Link"}};
  if (names(if_none_match, document.etag)) {
    response.status = 304;
  } else {
    response.body = document.body;
  }
  return response;
}

Response preflight_answer() {
  Response response;
  response.status = 204;
  response.content_type.clear();
  response.fields = {{"Access-Control-Allow-Origin", "*"},
                     {"Access-Control-Allow-Methods", "GET, HEAD"},
                     {"Access-Control-Allow-Headers", "*"},
                     {"Access-Control-Max-Age", "600"}};
  return response;
}

}  // namespace kronborg::api
