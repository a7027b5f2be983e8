#include "api/join_answer.h"

#include "api/document_parts.h"
#include "api/join_page.h"

namespace kronborg::api {
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
  response.fields.emplace_back("X-Robots-Tag", "noindex, nofollow, noarchive");
  if (!file.empty()) {
    response.fields.emplace_back("Cache-Control", "public, max-age=300");
    const std::string etag = tag_of(text);
    response.fields.emplace_back("ETag", etag);
    if (names_tag(if_none_match, etag)) {
      response.status = 304;
      return response;
    }
  }
  response.body = text;
  return response;
}

}  // namespace kronborg::api
