#include "http/message.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "http/field_line.h"

namespace kronborg::http {

std::optional<std::string_view> RequestHead::field(std::string_view name) const {
  for (const auto& candidate : fields) {
    if (candidate.name.size() == name.size() && base::equal_ignoring_case(candidate.name, name)) {
      return candidate.value;
    }
  }
  return std::nullopt;
}

std::optional<SecretView> bearer(const RequestHead& head) {
  const auto& field = head.secret(SecretField::authorization);
  if (!field) return std::nullopt;
  const auto text = field->reveal();
  constexpr std::size_t scheme = 6;
  if (text.size() <= scheme || text[scheme] != ' ' ||
      !equals_lower(text.substr(0, scheme), "bearer")) {
    return std::nullopt;
  }
  return SecretView(text.substr(scheme + 1));
}

namespace {
struct Reason {
  int status;
  std::string_view phrase;
};
// RFC 9110 section 15, RFC 6585, RFC 4918 (423).
constexpr std::array<Reason, 39> reasons = {{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
}};
}  // namespace

std::string_view reason_phrase(int status) {
  const auto found = std::ranges::lower_bound(reasons, status, {}, &Reason::status);
  return found != reasons.end() && found->status == status ? found->phrase : std::string_view{};
}

}  // namespace kronborg::http
