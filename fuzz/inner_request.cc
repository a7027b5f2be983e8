// folders: channel http base
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "channel/inner.h"
#include "http/parse.h"

namespace {

namespace channel = kronborg::channel;
namespace http = kronborg::http;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What was read is one head, with exactly the fields and the body that were sent.
void require_one_head(const channel::InnerRequest& request) {
  const auto head = channel::head_of(request, {.host = "localhost:1337", .user_agent = "outer"});
  http::RequestHead parsed;
  std::size_t consumed = 0;
  const auto state = http::parse_request_head(head.reveal(), parsed, consumed);
  // Fields that the parser knows have rules of their own.
  if (!state) return;
  require(*state == http::ParseState::complete && consumed == head.reveal().size());
  require(parsed.method == request.method && parsed.target == request.target);
  require(parsed.host == "localhost:1337" && !parsed.upgrade);
  const std::size_t length = request.body ? request.body->reveal().size() : 0;
  require(parsed.content_length == length && parsed.body != http::BodyKind::chunked);
  require(!http::decoded_path(parsed.path).starts_with("/secure/"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto request = channel::read_inner_request(text);
  if (!request) {
    require(request.error().code == kronborg::base::Code::secure_malformed);
    return 0;
  }
  require_one_head(*request);
  // What a client writes of it reads as the same.
  const auto again = channel::read_inner_request(channel::write_inner_request(*request).reveal());
  require(again.has_value() && again->method == request->method &&
          again->target == request->target && again->fields.size() == request->fields.size() &&
          again->body.has_value() == request->body.has_value());
  return 0;
}
