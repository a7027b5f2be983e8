// folders: http base
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/parse.h"

namespace {

using kronborg::http::BodyKind;
using kronborg::http::ParseState;
using kronborg::http::RequestHead;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The head written anew from what was understood, the way a proxy does.
std::string written(const RequestHead& head) {
  std::string text = std::string(head.method) + " " + std::string(head.target) + " HTTP/1." +
                     std::to_string(head.minor_version) + "\r\n";
  for (const auto& field : head.fields) {
    text += std::string(field.name) + ": " + std::string(field.value) + "\r\n";
  }
  constexpr std::string_view secret_names[] = {"Authorization", "X-Private-Key", "X-User-Token",
                                               "X-Join-Token", "Cookie"};
  for (std::size_t i = 0; i < kronborg::http::secret_field_count; ++i) {
    const auto& secret = head.secrets[i];
    if (secret)
      text += std::string(secret_names[i]) + ": " + std::string(secret->reveal()) + "\r\n";
  }
  return text + "\r\n";
}

bool same(const RequestHead& a, const RequestHead& b) {
  if (a.fields.size() != b.fields.size()) return false;
  for (std::size_t i = 0; i < a.fields.size(); ++i) {
    if (a.fields[i].name != b.fields[i].name || a.fields[i].value != b.fields[i].value)
      return false;
  }
  for (std::size_t i = 0; i < kronborg::http::secret_field_count; ++i) {
    if (a.secrets[i].has_value() != b.secrets[i].has_value()) return false;
    if (a.secrets[i] && a.secrets[i]->reveal() != b.secrets[i]->reveal()) return false;
  }
  return a.method == b.method && a.target == b.target && a.path == b.path && a.query == b.query &&
         a.host == b.host && a.minor_version == b.minor_version && a.keep_alive == b.keep_alive &&
         a.upgrade == b.upgrade && a.expect_continue == b.expect_continue && a.body == b.body &&
         a.content_length == b.content_length && a.request_id == b.request_id;
}

}  // namespace

/// What was understood, written anew, is understood the same; nothing in it can be read in another
/// way.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  RequestHead head;
  std::size_t consumed = 0;
  const auto state = kronborg::http::parse_request_head(input, head, consumed);
  if (!state) return 0;
  if (*state == ParseState::incomplete) {
    require(consumed == 0);
    return 0;
  }
  require(consumed <= size && input.substr(0, consumed).ends_with("\r\n\r\n"));
  require(!head.host.empty());
  const auto decoded = kronborg::http::decoded_path(head.path);
  require(decoded == "*" || decoded.starts_with('/'));
  require(decoded.find("//") == std::string::npos);
  require((decoded + "/").find("/../") == std::string::npos &&
          (decoded + "/").find("/./") == std::string::npos);
  require(decoded.find('\\') == std::string::npos && decoded.find('\0') == std::string::npos);

  const auto text = written(head);
  RequestHead again;
  std::size_t consumed_again = 0;
  const auto state_again = kronborg::http::parse_request_head(text, again, consumed_again);
  // Written anew it may only grow, by a space behind each colon, and so pass a limit of length.
  if (!state_again) {
    require(state_again.error().code == kronborg::base::Code::headers_too_large);
    return 0;
  }
  require(*state_again == ParseState::complete && consumed_again == text.size());
  require(same(head, again));
  return 0;
}
