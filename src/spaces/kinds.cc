#include "spaces/kinds.h"

#include <array>

#include "spaces/notice.h"

namespace kronborg::spaces {
namespace {

constexpr std::array<std::string_view, 4> key_types = {"owner", "participant", "observer",
                                                       "invitation"};
constexpr std::array<std::string_view, 11> key_ends = {
    "expired",           "max_uses",          "kicked",   "left",      "rotated",
    "revoked",           "revoked_by_holder", "reissued", "recovered", "invitation_revoked",
    "invitation_rotated"};
constexpr std::array<std::string_view, 5> space_ends = {"closed", "ttl", "unused", "ownerless",
                                                        "operator"};
constexpr std::array<std::string_view, 5> notice_kinds = {"space", "message", "participant",
                                                          "artifact", "key_revoked"};

}  // namespace

std::string_view name_of(KeyType type) { return key_types.at(static_cast<std::size_t>(type)); }

std::optional<KeyType> key_type_named(std::string_view name) {
  for (std::size_t i = 0; i < key_types.size(); ++i) {
    if (key_types[i] == name) return static_cast<KeyType>(i);
  }
  return std::nullopt;
}

std::string_view name_of(KeyEnd end) { return key_ends.at(static_cast<std::size_t>(end)); }

std::string_view code_of(KeyEnd end) {
  return end == KeyEnd::expired || end == KeyEnd::max_uses ? "key_expired" : "key_revoked";
}

std::string_view name_of(SpaceEnd end) { return space_ends.at(static_cast<std::size_t>(end)); }

std::string_view name_of(NoticeKind kind) {
  return notice_kinds.at(static_cast<std::size_t>(kind));
}

std::string Notice::text(bool for_browser) const {
  const std::string& shown = for_browser && !browser_data.empty() ? browser_data : data;
  std::string text = "event: ";
  text.append(name_of(kind));
  if (seq != 0) text.append("\nid: ").append(std::to_string(seq));
  text.append("\ndata: ").append(shown).append("\n\n");
  return text;
}

}  // namespace kronborg::spaces
