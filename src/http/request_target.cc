#include "http/request_target.h"

#include "base/encoding.h"
#include "http/characters.h"
#include "http/field_line.h"
#include "http/parse.h"

namespace kronborg::http {

namespace {

/// Length of `.` at `position` of a segment, plain or percent-encoded; 0 when there is none.
std::size_t dot_at(std::string_view segment, std::size_t position) {
  const auto rest = segment.substr(position);
  if (rest.starts_with('.')) return 1;
  return equals_lower(rest.substr(0, 3), "%2e") ? 3 : 0;
}

bool is_dot_segment(std::string_view segment) {
  const auto first = dot_at(segment, 0);
  if (first == 0) return false;
  if (first == segment.size()) return true;
  const auto second = dot_at(segment, first);
  return second != 0 && first + second == segment.size();
}

bool escapes_are_plain(std::string_view path) {
  for (auto at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 3)) {
    if (at + 2 >= path.size()) return false;
    const int high = hex_digit(path[at + 1]);
    const int low = hex_digit(path[at + 2]);
    if (high < 0 || low < 0) return false;
    const int byte = high * 16 + low;
    if (byte == 0 || byte == '/' || byte == '\\') return false;
  }
  return true;
}

/// Every segment between slashes: not empty unless the last, not a dot segment.
bool segments_are_plain(std::string_view path) {
  auto rest = path.substr(1);
  while (true) {
    const auto slash = rest.find('/');
    const auto segment = rest.substr(0, slash);
    if (is_dot_segment(segment)) return false;
    if (slash == std::string_view::npos) return true;
    if (segment.empty()) return false;
    rest.remove_prefix(slash + 1);
  }
}

bool read_origin_form(std::string_view raw, RequestHead& head) {
  const auto question = raw.find('?');
  const auto path = raw.substr(0, question);
  if (path.empty() || path.front() != '/') return false;
  if (path.find('\\') != std::string_view::npos) return false;
  if (!segments_are_plain(path) || !escapes_are_plain(path)) return false;
  head.target = raw;
  head.path = path;
  head.query = question == std::string_view::npos ? std::string_view{} : raw.substr(question + 1);
  return true;
}

}  // namespace

bool is_host(std::string_view text) {
  if (text.empty()) return false;
  std::string_view after;
  if (text.front() == '[') {
    const auto bracket = text.find(']');
    if (bracket == std::string_view::npos || bracket < 3) return false;
    for (const char c : text.substr(1, bracket - 1)) {
      if (!is(hex_character, c) && c != ':' && c != '.') return false;
    }
    after = text.substr(bracket + 1);
  } else {
    const auto colon = text.find(':');
    if (!all(host_character, text.substr(0, colon))) return false;
    if (colon != std::string_view::npos) after = text.substr(colon);
  }
  if (after.empty()) return true;
  if (after.front() != ':' || after.size() > 6) return false;
  for (const char c : after.substr(1)) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

bool read_target(std::string_view method, std::string_view raw, RequestHead& head,
                 std::string_view& authority) {
  authority = {};
  // '#' never belongs into a target (RFC 9112 section 3.2); peers cut at it or do not.
  if (raw.empty() || !is_visible(raw) || raw.find('#') != std::string_view::npos) return false;
  if (method == "CONNECT") return false;
  if (raw == "*") {
    head.target = head.path = raw;
    head.query = {};
    return method == "OPTIONS";
  }
  if (raw.front() == '/') return read_origin_form(raw, head);
  const auto scheme_end = raw.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const auto scheme = raw.substr(0, scheme_end);
  if (!equals_lower(scheme, "http") && !equals_lower(scheme, "https")) return false;
  const auto rest = raw.substr(scheme_end + 3);
  const auto slash = rest.find('/');
  authority = rest.substr(0, slash);
  if (!is_host(authority)) return false;
  return read_origin_form(slash == std::string_view::npos ? "/" : rest.substr(slash), head);
}

std::string decoded_path(std::string_view path) {
  if (path.find('%') == std::string_view::npos) return std::string(path);
  return base::percent_decode(path).value_or(std::string(path));
}

}  // namespace kronborg::http
