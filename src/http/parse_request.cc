#include <array>

#include "base/text.h"
#include "http/characters.h"
#include "http/field_line.h"
#include "http/limits.h"
#include "http/parse.h"
#include "http/request_target.h"

namespace kronborg::http {

namespace {

using base::Code;

/// Fields with a meaning here, or of which there may be one only.
enum class Known : std::uint8_t {
  other,
  authorization,  // the first five in the order of SecretField
  private_key,
  user_token,
  join_token,
  cookie,
  fencing_token,
  idempotency_key,
  content_type,
  origin,
  host,
  content_length,
  transfer_encoding,
  connection,
  upgrade,
  expect,
  request_id,
};

struct KnownName {
  std::string_view name;
  Known known;
};
constexpr std::array<KnownName, 16> known_names = {{
    {"host", Known::host},
    {"cookie", Known::cookie},
    {"expect", Known::expect},
    {"origin", Known::origin},
    {"upgrade", Known::upgrade},
    {"connection", Known::connection},
    {"x-user-token", Known::user_token},
    {"x-join-token", Known::join_token},
    {"content-type", Known::content_type},
    {"x-request-id", Known::request_id},
    {"authorization", Known::authorization},
    {"x-private-key", Known::private_key},
    {"content-length", Known::content_length},
    {"x-fencing-token", Known::fencing_token},
    {"idempotency-key", Known::idempotency_key},
    {"transfer-encoding", Known::transfer_encoding},
}};

Known known_field(std::string_view name) {
  for (const auto& entry : known_names) {
    if (entry.name.size() == name.size() && equals_lower(name, entry.name)) return entry.known;
  }
  return Known::other;
}

base::Error malformed(std::string_view what) {
  return {Code::malformed_request, std::string(what)};
}

base::Error repeated(std::string_view name) {
  return base::Error(Code::duplicate_header).with({"header", std::string(name)});
}

/// Reads the head line by line into `head_`.
class HeadReader {
 public:
  explicit HeadReader(RequestHead& head) : head_(head) {
    auto kept = std::move(head.fields);
    kept.clear();
    head = RequestHead{};
    head.fields = std::move(kept);
  }

  base::Result<ParseState> read(std::string_view data, std::size_t& consumed);

 private:
  base::Result<void> request_line(std::string_view line);
  base::Result<void> field(const Field& field);
  base::Result<void> framing_field(Known known, std::string_view value);
  void connection_members(std::string_view value);
  base::Result<void> finish();
  bool first(Known known) {
    const auto bit = 1U << static_cast<unsigned>(known);
    const bool fresh = (seen_ & bit) == 0;
    seen_ |= bit;
    return fresh;
  }
  [[nodiscard]] bool saw(Known known) const {
    return (seen_ & (1U << static_cast<unsigned>(known))) != 0;
  }

  RequestHead& head_;
  std::string_view authority_;
  unsigned seen_ = 0;
  std::size_t field_count_ = 0;
  bool close_ = false;
  bool keep_alive_ = false;
  bool names_upgrade_ = false;
  bool expects_ = false;
};

base::Result<void> HeadReader::request_line(std::string_view line) {
  const auto method_end = line.find(' ');
  const auto target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || method_end == target_end) {
    return malformed("The request line is not `method target version`.");
  }
  head_.method = line.substr(0, method_end);
  const auto target = line.substr(method_end + 1, target_end - method_end - 1);
  const auto version = line.substr(target_end + 1);
  if (!all(token_character, head_.method)) return malformed("The method is not a token.");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return malformed("The version is not HTTP/1.1.");
  head_.minor_version = version.back() - '0';
  if (!read_target(head_.method, target, head_, authority_)) {
    return malformed("The request target is not acceptable.");
  }
  return {};
}

void HeadReader::connection_members(std::string_view value) {
  for_each_member(value, [this](std::string_view member) {
    if (equals_lower(member, "close")) close_ = true;
    if (equals_lower(member, "keep-alive")) keep_alive_ = true;
    if (equals_lower(member, "upgrade")) names_upgrade_ = true;
  });
}

base::Result<void> HeadReader::framing_field(Known known, std::string_view value) {
  if (!first(known)) return malformed("A field that frames the message appears twice.");
  switch (known) {
    case Known::host:
      if (!is_host(value)) return malformed("Host is not a host.");
      head_.host = value;
      return {};
    case Known::content_length: {
      const auto length = parse_content_length(value);
      if (!length) return malformed("Content-Length is not a number.");
      head_.content_length = *length;
      head_.body = *length == 0 ? BodyKind::none : BodyKind::length;
      return {};
    }
    case Known::transfer_encoding:
      if (!equals_lower(value, "chunked"))
        return malformed("Transfer-Encoding is not chunked alone.");
      head_.body = BodyKind::chunked;
      return {};
    default:  // Expect
      if (!equals_lower(value, "100-continue")) return malformed("Expect is not 100-continue.");
      expects_ = true;
      return {};
  }
}

base::Result<void> HeadReader::field(const Field& field) {
  const auto known = known_field(field.name);
  switch (known) {
    case Known::authorization:
    case Known::private_key:
    case Known::user_token:
    case Known::join_token:
    case Known::cookie:
      if (!first(known)) return repeated(field.name);
      head_.secrets[static_cast<std::size_t>(known) - 1] = SecretView(field.value);
      return {};
    case Known::fencing_token:
    case Known::idempotency_key:
    case Known::content_type:
    case Known::origin:
      if (!first(known)) return repeated(field.name);
      break;
    case Known::host:
    case Known::content_length:
    case Known::transfer_encoding:
    case Known::expect:
      TRY_VOID(framing_field(known, field.value));
      break;
    case Known::connection:
      connection_members(field.value);
      break;
    case Known::upgrade:
      (void)first(known);
      break;
    case Known::request_id:
      head_.request_id = first(known) ? field.value : std::string_view{};
      break;
    case Known::other:
      break;
  }
  head_.fields.push_back(field);
  return {};
}

base::Result<void> HeadReader::finish() {
  if (!saw(Known::host)) return malformed("Host is missing.");
  if (!authority_.empty() && !base::equal_ignoring_case(authority_, head_.host)) {
    return malformed("Host and the authority of the target differ.");
  }
  const bool chunked = saw(Known::transfer_encoding);
  if (chunked && saw(Known::content_length)) {
    return malformed("Content-Length and Transfer-Encoding together.");
  }
  const bool old = head_.minor_version == 0;
  if (chunked && old) return malformed("HTTP/1.0 has no Transfer-Encoding.");
  head_.keep_alive = !close_ && (!old || keep_alive_);
  // RFC 9110 sections 7.8 and 10.1.1: both are ignored in an HTTP/1.0 request.
  head_.upgrade = !old && names_upgrade_ && saw(Known::upgrade);
  head_.expect_continue = !old && expects_ && head_.body != BodyKind::none;
  return {};
}

base::Result<ParseState> HeadReader::read(std::string_view data, std::size_t& consumed) {
  const auto window = data.substr(0, max_head_bytes);
  TRY(const auto start, next_line(window));
  if ((start ? start->text.size() : window.size()) > max_request_line_bytes)
    return Code::uri_too_long;
  if (!start) {
    // No need to wait for a line that cannot become one: TLS or another protocol on this port.
    if (!window.empty() && !is(token_character, window.front())) return malformed("Not HTTP.");
    return ParseState::incomplete;
  }
  TRY_VOID(request_line(start->text));
  std::size_t at = start->consumed;
  while (true) {
    const auto rest = window.substr(at);
    TRY(const auto line, next_line(rest));
    if ((line ? line->text.size() : rest.size()) > max_field_line_bytes)
      return Code::headers_too_large;
    if (!line) break;
    at += line->consumed;
    if (line->text.empty()) {
      consumed = at;
      TRY_VOID(finish());
      return ParseState::complete;
    }
    if (++field_count_ > max_fields) return Code::headers_too_large;
    const auto parsed = parse_field_line(line->text);
    if (!parsed) return malformed("A field line is not `name: value`.");
    TRY_VOID(field(*parsed));
  }
  if (data.size() >= max_head_bytes) return Code::headers_too_large;
  return ParseState::incomplete;
}

}  // namespace

base::Result<ParseState> parse_request_head(std::string_view data, RequestHead& head,
                                            std::size_t& consumed) {
  consumed = 0;
  return HeadReader(head).read(data, consumed);
}

}  // namespace kronborg::http
