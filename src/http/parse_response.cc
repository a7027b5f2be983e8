#include "http/characters.h"
#include "http/field_line.h"
#include "http/limits.h"
#include "http/parse.h"

namespace kronborg::http {

namespace {

base::Error invalid(std::string_view what) {
  return {base::Code::upstream_invalid,
          "The upstream's answer is not valid HTTP: " + std::string(what) + "."};
}

/// RFC 9112 section 4; the space after the status may be missing together with the reason.
bool read_status_line(std::string_view line, ResponseHead& head) {
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') return false;
  if (line[7] != '0' && line[7] != '1') return false;
  head.minor_version = line[7] - '0';
  int status = 0;
  for (const char c : line.substr(9, 3)) {
    if (c < '0' || c > '9') return false;
    status = status * 10 + (c - '0');
  }
  if (status < 100 || status > 599) return false;
  head.status = status;
  return line.size() == 12 || (line[12] == ' ' && is_field_text(line.substr(13)));
}

struct Framing {
  bool chunked = false;
  bool close = false;
  bool keep_alive = false;
};

base::Result<void> read_field(const Field& field, ResponseHead& head, Framing& framing) {
  if (equals_lower(field.name, "content-length")) {
    const auto length = parse_content_length(field.value);
    if (!length || head.has_content_length) return invalid("Content-Length");
    head.has_content_length = true;
    head.content_length = *length;
  } else if (equals_lower(field.name, "transfer-encoding")) {
    if (framing.chunked || !equals_lower(field.value, "chunked"))
      return invalid("Transfer-Encoding");
    framing.chunked = true;
  } else if (equals_lower(field.name, "connection")) {
    for_each_member(field.value, [&framing](std::string_view member) {
      if (equals_lower(member, "close")) framing.close = true;
      if (equals_lower(member, "keep-alive")) framing.keep_alive = true;
    });
  }
  head.fields.push_back(field);
  return {};
}

base::Result<void> decide_body(std::string_view request_method, const Framing& framing,
                               ResponseHead& head) {
  if (framing.chunked && head.has_content_length)
    return invalid("Content-Length and Transfer-Encoding");
  if (framing.chunked && head.minor_version == 0) return invalid("Transfer-Encoding in HTTP/1.0");
  head.keep_alive = !framing.close && (head.minor_version == 1 || framing.keep_alive);
  // RFC 9112 section 6.3, rules 1, 3, 4, 6 and 8.
  const bool no_body =
      request_method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304;
  if (no_body) return {};
  if (framing.chunked) {
    head.body = BodyKind::chunked;
  } else if (head.has_content_length) {
    head.body = head.content_length == 0 ? BodyKind::none : BodyKind::length;
  } else {
    head.until_close = true;
    head.keep_alive = false;
  }
  return {};
}

base::Result<std::optional<Line>> response_line(std::string_view data, std::size_t limit) {
  auto line = next_line(data);
  if (!line) return invalid("a line ends without CRLF");
  if ((*line ? (*line)->text.size() : data.size()) > limit) return invalid("a line is too long");
  return line;
}

}  // namespace

base::Result<ParseState> parse_response_head(std::string_view data, std::string_view request_method,
                                             ResponseHead& head, std::size_t& consumed) {
  consumed = 0;
  auto kept = std::move(head.fields);
  kept.clear();
  head = ResponseHead{};
  head.fields = std::move(kept);
  Framing framing;
  const auto window = data.substr(0, max_head_bytes);
  TRY(const auto start, response_line(window, max_request_line_bytes));
  if (!start) return ParseState::incomplete;
  if (!read_status_line(start->text, head)) return invalid("status line");
  std::size_t at = start->consumed;
  while (true) {
    TRY(const auto line, response_line(window.substr(at), max_field_line_bytes));
    if (!line) break;
    at += line->consumed;
    if (line->text.empty()) {
      TRY_VOID(decide_body(request_method, framing, head));
      consumed = at;
      return ParseState::complete;
    }
    const auto field = parse_field_line(line->text);
    if (!field || head.fields.size() == max_fields) return invalid("header fields");
    TRY_VOID(read_field(*field, head, framing));
  }
  if (data.size() >= max_head_bytes) return invalid("the head is too long");
  return ParseState::incomplete;
}

}  // namespace kronborg::http
