#include "cli/space_link.h"

#include <algorithm>
#include <optional>

#include "app/settings.h"
#include "base/random.h"
#include "base/text.h"
#include "http/client_url.h"

namespace kronborg::cli {
namespace {

constexpr std::size_t key_digits = 64;
constexpr std::size_t id_length = 36;

base::Error not_a_link() {
  return {base::Code::usage, "that is not an invitation link",
          "copy the agentLink or the humanLink whole, in one line"};
}

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
  return text;
}

/// The part of `text` between the first `before` and `after`, which has to be its end.
std::optional<std::string_view> between(std::string_view text, std::string_view before,
                                        std::string_view after, std::size_t& at) {
  at = text.find(before);
  if (at == std::string_view::npos || !text.ends_with(after)) return std::nullopt;
  const auto from = at + before.size();
  if (text.size() < from + after.size()) return std::nullopt;
  return text.substr(from, text.size() - from - after.size());
}

}  // namespace

bool is_space_key(std::string_view text) {
  return text.size() == key_digits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

base::Result<InvitationLink> parse_invitation_link(std::string_view text) {
  text = trimmed(text);
  std::size_t at = 0;
  char separator = '/';
  auto middle = between(text, "/space/", "/.well-known/agent.md", at);
  if (!middle) {
    separator = '#';
    middle = between(text, "/join/", "", at);
  }
  if (!middle || middle->size() != id_length + 1 + key_digits || (*middle)[id_length] != separator)
    return not_a_link();
  const auto id = middle->substr(0, id_length);
  const auto key = middle->substr(id_length + 1);
  const auto origin = text.substr(0, at);
  const auto url = http::parse_upstream_url(origin);
  if (!base::is_uuid(id) || !is_space_key(key) || !url || !url->unix_path.empty())
    return not_a_link();
  return InvitationLink{
      .origin = std::string(origin), .space_id = base::lower(id), .key = base::SecretText(key)};
}

bool is_this_machine(std::string_view server) {
  const auto url = http::parse_upstream_url(server);
  return url && (url->host == "localhost" || app::is_loopback(url->host));
}

bool is_overheard(std::string_view server) {
  const auto url = http::parse_upstream_url(server);
  return url && !url->tls && url->unix_path.empty() && !is_this_machine(server);
}

}  // namespace kronborg::cli
