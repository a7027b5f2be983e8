#include "gate/settings.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "gate/paths.h"

namespace kronborg::gate {

namespace {

base::Error wrong(std::string_view key, std::string why) {
  return {base::Code::config_invalid, std::string(key) + ": " + std::move(why)};
}

/// RFC 9110 section 5.5: no control but HTAB, and nothing that a reader would trim.
bool is_field_value(std::string_view text) {
  return text.front() != ' ' && text.back() != ' ' && std::ranges::none_of(text, [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
         });
}

base::Result<void> prepare_rule(UpstreamRule& rule) {
  while (rule.path.ends_with('/')) rule.path.pop_back();
  if (!rule.path.empty() &&
      (!is_unambiguous(rule.path) || rule.path.find('%') != std::string::npos)) {
    return wrong("gate.upstream.path",
                 "\"" + base::printable(rule.path) + "\" is not a plain path that begins with /.");
  }
  TRY(rule.target, http::parse_upstream_url(rule.url));
  if (!rule.authorization.empty() && !is_field_value(rule.authorization.reveal())) {
    return wrong("gate.upstream.authorization", "it cannot be sent as a header.");
  }
  return {};
}

}  // namespace

base::Result<std::shared_ptr<const Settings>> prepare(Settings settings) {
  for (UpstreamRule& rule : settings.upstreams) TRY_VOID(prepare_rule(rule));
  // The first that fits is then the longest.
  std::ranges::sort(settings.upstreams, std::ranges::greater{}, [](const UpstreamRule& rule) {
    return std::pair(rule.path.size(), std::string_view(rule.path));
  });
  const auto twin = std::ranges::adjacent_find(
      settings.upstreams, [](const auto& a, const auto& b) { return a.path == b.path; });
  if (twin != settings.upstreams.end()) {
    return wrong("gate.upstream", "the path \"" + twin->path + "\" has two upstreams.");
  }
  for (const std::string& proxy : settings.trusted_proxies) {
    boost::system::error_code error;
    settings.proxies.push_back(boost::asio::ip::make_address(proxy, error));
    if (error)
      return wrong("http.trusted_proxies", "\"" + base::printable(proxy) + "\" is no IP address.");
  }
  if (settings.trust_loopback && !settings.loopback_only_listeners) {
    return wrong("gate.trust_loopback", "it is refused while a listener is bound beyond loopback.");
  }
  return std::make_shared<const Settings>(std::move(settings));
}

}  // namespace kronborg::gate
