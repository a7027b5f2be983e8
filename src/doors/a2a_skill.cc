#include "doors/a2a_skill.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

constexpr std::size_t most_name = 120;  // scalar values; docs/protocol/spaces.md 4.1
constexpr std::size_t most_description = 4000;
constexpr std::int64_t day_s = 86'400;

/// A row of docs/protocol/discovery.md section 10.3.
struct Skill {
  std::string_view id;
  std::int64_t invitation_uses = 0;  ///< 0: no invitation
  std::string_view document_name = {}, document = {};
  bool requires_approval = false;  ///< given as default
  std::int64_t ttl_s = 0;          ///< given as default; 0: none
};

constexpr Skill skills[] = {
    {.id = "space.create"},
    {.id = "space.negotiate",
     .invitation_uses = 5,
     .document_name = "agreement.md",
     .document = "# Agreement\n\n## Parties\n\n## Terms\n\n## Open points\n",
     .requires_approval = true},
    {.id = "space.incident",
     .invitation_uses = 20,
     .document_name = "incident-log.md",
     .document = "# Incident log\n\n| Time (UTC) | Who | What |\n| --- | --- | --- |\n",
     .ttl_s = 7 * day_s},
};

void set_unless_given(json::object& body, std::string_view name, json::value value) {
  const json::value* given = body.if_contains(name);
  if (given == nullptr || given->is_null()) body[name] = std::move(value);
}

/// The first line that says something, as a name: one line, cut, without control characters.
std::string name_from(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find_first_of("\r\n");
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    std::string name;
    std::size_t count = 0;
    for (std::size_t at = 0; at < line.size() && count < most_name;) {
      const char32_t scalar = base::next_scalar(line, at);
      const bool unfit = base::is_control_or_bidi(scalar) || scalar == 0x2028 || scalar == 0x2029 ||
                         scalar == 0xFEFF || scalar == ' ';
      if (unfit && name.empty()) continue;
      base::append_scalar(name, unfit ? U' ' : scalar);
      ++count;
    }
    name.erase(name.find_last_not_of(' ') + 1);
    if (!name.empty()) return name;
  }
  return {};
}

A2aResult<A2aCreation> from_text(const std::vector<A2aPart>& parts) {
  std::string text;
  for (const A2aPart& part : parts) {
    if (!text.empty()) text += '\n';
    text += part.text;
  }
  const std::string name = name_from(text);
  if (name.empty()) return std::unexpected(wrong_params("A new space needs a name: write one."));
  return A2aCreation{
      .body = {{"name", name}, {"description", base::first_scalars(text, most_description)}}};
}

A2aResult<A2aCreation> from_data(const json::value& data) {
  const json::object* members = data.if_object();
  if (members == nullptr) {
    return std::unexpected(wrong_params("The data of a new space is an object."));
  }
  std::string_view id = "space.create";
  if (const json::value* named = members->if_contains("skill"); named && !named->is_null()) {
    if (!named->is_string()) return std::unexpected(wrong_params("skill must be text."));
    id = named->get_string();
  }
  const auto* const skill = std::ranges::find(skills, id, &Skill::id);
  if (skill == std::end(skills)) {
    return std::unexpected(
        wrong_params("skill is space.create, space.negotiate or space.incident."));
  }
  A2aCreation creation{.body = *members};
  creation.body.erase("skill");
  if (skill->requires_approval) set_unless_given(creation.body, "requiresApproval", true);
  if (skill->ttl_s > 0) set_unless_given(creation.body, "ttl", skill->ttl_s);
  if (skill->invitation_uses == 0) return creation;
  set_unless_given(creation.body, "privacy", "private");
  creation.operation = "createSpaceFor";
  creation.document = skill->document;
  creation.body["invitation"] =
      json::object{{"expiresIn", day_s}, {"maxUses", skill->invitation_uses}};
  creation.body["artifact"] =
      json::object{{"name", skill->document_name}, {"content", skill->document}};
  return creation;
}

}  // namespace

A2aResult<A2aCreation> creation_of(const std::vector<A2aPart>& parts) {
  if (std::ranges::find(parts, A2aPart::Kind::image, &A2aPart::kind) != parts.end()) {
    return std::unexpected(A2aRefusal{.code = a2a_content_type_not_supported,
                                      .reason = "CONTENT_TYPE_NOT_SUPPORTED",
                                      .message = "A space is made from text or data, not files."});
  }
  const auto data = std::ranges::find(parts, A2aPart::Kind::data, &A2aPart::kind);
  return data == parts.end() ? from_text(parts) : from_data(data->data);
}

}  // namespace kronborg::doors
