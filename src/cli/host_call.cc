#include "cli/host_call.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

using base::Code;
using base::Error;

/// The host part of `text` names a port: a colon that is not inside `[…]` of an IPv6 address.
bool names_port(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  return text.find(':', bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
}

}  // namespace

base::Result<HostAddress> read_host_address(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  std::string url(text);
  if (url.find("://") == std::string::npos) {
    url = names_port(url) ? "http://" + url : fmt::format("http://{}:{}", url, usual_port);
  }
  auto at = http::parse_upstream_url(url);
  if (!at || !at->unix_path.empty()) {
    return Error(Code::usage, fmt::format("'{}' is not a host", base::printable(text, 120)),
                 "write http://HOST:PORT or HOST:PORT, or leave it out to look for hosts nearby");
  }
  return HostAddress{.url = std::move(url), .at = *std::move(at)};
}

Error refusal_of_host(int status, std::string_view body) {
  const auto value = base::parse_json(body);
  const auto* nested =
      value && value->is_object() ? value->get_object().if_contains("error") : nullptr;
  const bool is_nested = nested != nullptr && nested->is_object();
  const base::json::value nothing;
  const base::json::value& said = is_nested ? *nested : value ? *value : nothing;
  std::string sentence(raw_of(said, "message"));
  if (sentence.empty()) sentence = raw_of(said, "error");
  const auto code = base::code_named(raw_of(said, "code"));
  if (!code) {
    return {Code::server_unreachable,
            sentence.empty() ? fmt::format("the host answered {}", status)
                             : fmt::format("the host answered {}: {}", status, one_line(sentence))};
  }
  if (sentence.empty()) return {*code};
  return {*code, one_line(sentence), one_line(raw_of(said, "hint"))};
}

base::Result<std::string> ask_host(const HostAddress& host, const HostRequest& request) {
  http::FetchRequest sent{.method = request.method,
                          .target = request.path,
                          .fields = {{"Accept", "application/json"}},
                          .body = request.body,
                          .patience = request.wait,
                          .whole = request.wait,
                          .most_bytes = std::size_t{1} << 20U};
  if (!request.body.empty()) sent.fields.emplace_back("Content-Type", "application/json");
  auto answer = http::fetch(host.at, sent);
  base::wipe(sent.body.data(), sent.body.size());
  if (!answer) return answer.error();
  if (answer->status == 200) return std::move(answer->body);
  return refusal_of_host(answer->status, answer->body);
}

}  // namespace kronborg::cli
