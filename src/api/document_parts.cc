#include "api/document_parts.h"

#include <span>

#include "base/bytes.h"
#include "base/encoding.h"
#include "crypto/hash.h"

namespace kronborg::api {
namespace {

constexpr std::size_t tag_bytes = 8;

}  // namespace

std::string tag_of(std::string_view body) {
  const auto hash = crypto::sha256(base::bytes_of(body));
  return '"' + base::hex(std::span(hash).first<tag_bytes>()) + '"';
}

bool names_tag(std::string_view if_none_match, std::string_view etag) {
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

void add_page_fields(Response& response) {
  response.fields.insert(
      response.fields.end(),
      {{"Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
       {"Cross-Origin-Opener-Policy", "same-origin"},
       {"Cross-Origin-Resource-Policy", "same-origin"},
       {"Permissions-Policy",
        "publickey-credentials-get=(self), publickey-credentials-create=(self)"}});
}

}  // namespace kronborg::api
