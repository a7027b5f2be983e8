#include "pairing/service.h"

#include <algorithm>

#include "base/text.h"

namespace kronborg::pairing {
namespace {

constexpr std::size_t most_instance_bytes = 63;  // RFC 6763 section 4.1.1
constexpr std::size_t most_description_bytes = 200;
constexpr std::size_t most_name_bytes = 250;  // a TXT string holds 255 bytes, `name=` included

/// The longest beginning of valid UTF-8 with at most `most` bytes.
std::string_view cut(std::string_view utf8, std::size_t most) {
  std::size_t end = std::min(most, utf8.size());
  while (end > 0 && end < utf8.size() && (static_cast<std::uint8_t>(utf8[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return utf8.substr(0, end);
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

}  // namespace

std::string service_instance(std::string_view name, std::string_view agent_id) {
  const std::string end = "@" + upper(agent_id);
  return std::string(cut(name, most_instance_bytes - end.size())) + end;
}

TxtRecord service_txt(const HostAgent& agent) {
  TxtRecord record{{"name", std::string(cut(agent.name, most_name_bytes))},
                   {"id", agent.id},
                   {"address", agent.address.text()}};
  const std::string_view description =
      cut(agent.description ? std::string_view(*agent.description) : std::string_view{},
          most_description_bytes);
  if (!description.empty()) record.emplace_back("description", description);
  record.emplace_back("osc", "1");
  return record;
}

TxtRecord phone_service_txt(std::string_view host_name) {
  return {{"name", std::string(cut(host_name, most_name_bytes))}, {"v", "1"}};
}

base::Result<FoundAgent> read_service_txt(const TxtRecord& record) {
  const auto value = [&](std::string_view key) {
    const auto found = std::ranges::find_if(
        record, [&](const auto& one) { return base::equal_ignoring_case(one.first, key); });
    return found == record.end() ? std::string() : found->second;
  };
  const auto address = identity::Address::parse(value("address"));
  const bool channel = value("osc") == "1";
  if (channel && !address) {
    return base::Error(base::Code::host_not_proven, "The host announces no address of its agent.",
                       "Ask the owner for the address, or for an invite.");
  }
  return FoundAgent{.name = value("name"),
                    .id = value("id"),
                    .address = address,
                    .description = value("description"),
                    .channel = channel};
}

}  // namespace kronborg::pairing
