#include "gate/fields.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "gate/source.h"

namespace kronborg::gate {

namespace {

constexpr std::size_t longest_known = 24;

/// A name in lower case with `-` for `_`: some upstreams cannot tell the two apart.
class PlainName {
 public:
  explicit PlainName(std::string_view name) : size_(std::min(name.size(), text_.size())) {
    for (std::size_t i = 0; i < size_; ++i) {
      const char c = name[i];
      text_[i] = c == '_' ? '-' : (c >= 'A' && c <= 'Z') ? static_cast<char>(c + ('a' - 'A')) : c;
    }
  }
  [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, longest_known + 1> text_{};
  std::size_t size_;
};

// Sorted. Beside the list of the contract: fields by which some upstreams learn an address or a
// proxy (forwarded, x-real-ip, proxy), and the credential X-Join-Token.
constexpr std::array<std::string_view, 21> not_onward{"authorization",
                                                      "connection",
                                                      "content-length",
                                                      "expect",
                                                      "forwarded",
                                                      "host",
                                                      "http2-settings",
                                                      "keep-alive",
                                                      "proxy",
                                                      "proxy-authenticate",
                                                      "proxy-authorization",
                                                      "proxy-connection",
                                                      "te",
                                                      "trailer",
                                                      "transfer-encoding",
                                                      "upgrade",
                                                      "x-join-token",
                                                      "x-private-key",
                                                      "x-real-ip",
                                                      "x-request-id",
                                                      "x-user-token"};
static_assert(std::ranges::is_sorted(not_onward));

constexpr std::array<std::string_view, 12> not_back{
    "alt-svc",          "connection",  "content-length", "keep-alive", "proxy-authenticate",
    "proxy-connection", "te",          "trailer",        "trailers",   "transfer-encoding",
    "upgrade",          "x-request-id"};
static_assert(std::ranges::is_sorted(not_back));

bool goes_onward(std::string_view name) {
  const PlainName plain(name);
  return !plain.text().starts_with("x-kronborg-") && !plain.text().starts_with("x-forwarded-") &&
         !std::ranges::binary_search(not_onward, plain.text());
}

bool goes_back(std::string_view name) {
  const PlainName plain(name);
  return !plain.text().starts_with("access-control-") &&
         !std::ranges::binary_search(not_back, plain.text());
}

/// RFC 9110 section 7.6.1: fields that `Connection` names belong to the connection.
bool is_named_by_connection(const std::vector<http::Field>& fields, std::string_view name) {
  for (const http::Field& field : fields) {
    if (!base::equal_ignoring_case(field.name, "connection")) continue;
    std::string_view list = field.value;
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      std::string_view option = list.substr(0, comma);
      while (option.starts_with(' ') || option.starts_with('\t')) option.remove_prefix(1);
      while (option.ends_with(' ') || option.ends_with('\t')) option.remove_suffix(1);
      if (base::equal_ignoring_case(option, name)) return true;
      list = comma == list.size() ? std::string_view{} : list.substr(comma + 1);
    }
  }
  return false;
}

/// Most requests name nothing but keep-alive, close or upgrade, which never go on anyway.
bool names_more(const std::vector<http::Field>& fields) {
  return std::ranges::any_of(fields, [](const http::Field& field) {
    return base::equal_ignoring_case(field.name, "connection") &&
           !base::equal_ignoring_case(field.value, "keep-alive") &&
           !base::equal_ignoring_case(field.value, "close") &&
           !base::equal_ignoring_case(field.value, "upgrade");
  });
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_framing(std::string& out, const http::RequestHead& request, bool websocket) {
  switch (request.body) {
    case http::BodyKind::chunked:
      out.append("Transfer-Encoding: chunked\r\n");
      break;
    case http::BodyKind::length:
      append_line(out, "Content-Length", std::to_string(request.content_length));
      break;
    case http::BodyKind::none:
      if (request.field("content-length")) out.append("Content-Length: 0\r\n");
      break;
  }
  if (websocket) out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
}

}  // namespace

void append_onward_head(std::string& out, const Settings& settings, const http::Exchange& exchange,
                        const Onward& onward) {
  const http::RequestHead& request = exchange.request();
  out.append(request.method).append(" ").append(onward.to.base_path).append(onward.path);
  // With its question mark, which an empty query has too.
  out.append(request.target.substr(request.path.size())).append(" HTTP/1.1\r\n");
  append_line(out, "Host", onward.to.host_field);
  const bool named = names_more(request.fields);
  for (const http::Field& field : request.fields) {
    if (!goes_onward(field.name) || (named && is_named_by_connection(request.fields, field.name)))
      continue;
    append_line(out, field.name, field.value);
  }
  if (const auto& cookie = request.secret(http::SecretField::cookie)) {
    append_line(out, "Cookie", cookie->reveal());
  }
  if (!onward.authorization.empty()) append_line(out, "Authorization", onward.authorization);
  out.append(onward.identity_fields);
  append_forwarded_fields(out, settings, exchange);
  append_line(out, "X-Request-Id", exchange.request_id());
  append_framing(out, request, onward.websocket);
  out.append("\r\n");
}

void copy_answer_fields(const http::ResponseHead& head, std::vector<http::Field>& out) {
  const bool named = names_more(head.fields);
  for (const http::Field& field : head.fields) {
    if (!goes_back(field.name) || (named && is_named_by_connection(head.fields, field.name)))
      continue;
    out.push_back(field);
  }
}

bool asks_for_websocket(const http::RequestHead& request) {
  return request.upgrade && request.method == "GET" && request.body == http::BodyKind::none &&
         base::equal_ignoring_case(request.field("upgrade").value_or(""), "websocket");
}

}  // namespace kronborg::gate
