#include "api/join_answer.h"

#include "api/join_page.h"
#include "base/encoding.h"
#include "crypto/hash.h"

namespace kronborg::api {
namespace {

constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

std::string tag_of(std::string_view text) {
  return "\"" + base::hex(crypto::sha256(base::bytes_of(text))).substr(0, 16) + "\"";
}

void add_page_fields(Response& response) {
  response.fields.emplace_back("Content-Security-Policy", page_policy);
  response.fields.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  response.fields.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  response.fields.emplace_back("X-Robots-Tag", "noindex, nofollow, noarchive");
}

}  // namespace

Response join_page(std::string_view file, std::string_view if_none_match,
                   std::string_view request_id, std::string_view origin) {
  Response response;
  std::string_view text;
  if (file.empty()) {
    text = join_page_html();
    response.content_type = "text/html; charset=utf-8";
  } else if (file == "join.js") {
    text = join_page_script();
    response.content_type = "text/javascript; charset=utf-8";
  } else if (file == "join.css") {
    text = join_page_style();
    response.content_type = "text/css; charset=utf-8";
  } else {
    return error_response(base::Code::route_not_found, request_id, {}, origin);
  }
  add_page_fields(response);
  if (!file.empty()) {
    response.fields.emplace_back("Cache-Control", "public, max-age=300");
    response.fields.emplace_back("ETag", tag_of(text));
    if (if_none_match == tag_of(text)) {
      response.status = 304;
      return response;
    }
  }
  response.body = text;
  return response;
}

}  // namespace kronborg::api
