#include "cli/stored_spaces.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"

namespace kronborg::cli {
namespace {

using base::Code;
using base::Error;

constexpr std::size_t least_prefix = 4;
StoredSpace read(std::string_view entry, const toml::table& table) {
  StoredSpace space{.entry = std::string(entry),
                    .space_id = text_in(table, "space_id"),
                    .name = text_in(table, "name"),
                    .server = text_in(table, "server"),
                    .as = text_in(table, "as"),
                    .key_type = text_in(table, "key_type"),
                    .participant_id = text_in(table, "participant_id"),
                    .key_id = text_in(table, "key_id"),
                    .key = base::SecretText(text_in(table, "key")),
                    .invitation = base::SecretText(text_in(table, "invitation")),
                    .join_token = base::SecretText(text_in(table, "join_token")),
                    .asked = text_in(table, "asked"),
                    .read = {}};
  if (const auto* documents = table["read"].as_table()) {
    for (const auto& [id, tag] : *documents) {
      space.read.emplace(id.str(), tag.value_or(std::string()));
    }
  }
  return space;
}

toml::table table_of(const StoredSpace& space) {
  toml::table table;
  const auto put = [&](std::string_view name, std::string_view value) {
    put_in(table, name, value);
  };
  put("space_id", space.space_id);
  put("name", space.name);
  put("server", space.server);
  put("as", space.as);
  put("key_type", space.key_type);
  put("participant_id", space.participant_id);
  put("key_id", space.key_id);
  put("key", space.key.reveal());
  put("invitation", space.invitation.reveal());
  put("join_token", space.join_token.reveal());
  put("asked", space.asked);
  if (!space.read.empty()) {
    toml::table documents;
    for (const auto& [id, tag] : space.read) documents.insert(id, tag);
    table.insert("read", std::move(documents));
  }
  return table;
}

std::vector<StoredSpace> spaces_in(const toml::table& root) {
  std::vector<StoredSpace> spaces;
  if (const auto* tables = root["spaces"].as_table()) {
    for (const auto& [entry, node] : *tables) {
      if (const auto* table = node.as_table()) spaces.push_back(read(entry.str(), *table));
    }
  }
  return spaces;
}

bool is_meant(const StoredSpace& space, const SpaceChoice& choice) {
  const bool by_id =
      choice.space.size() >= least_prefix && space.space_id.starts_with(base::lower(choice.space));
  if (!by_id && space.name != choice.space) return false;
  if (!choice.as || space.as == *choice.as) return true;
  return choice.as->size() >= least_prefix &&
         space.participant_id.starts_with(base::lower(*choice.as));
}

Error ambiguous(const std::vector<const StoredSpace*>& fitting, std::string_view wanted) {
  const auto shown = base::printable(wanted, 80);
  const bool one_space = std::ranges::all_of(fitting, [&](const StoredSpace* space) {
    return space->space_id == fitting.front()->space_id;
  });
  if (!one_space) {
    return {Code::usage, fmt::format("{} spaces fit '{}'", fitting.size(), shown), "use the id"};
  }
  std::vector<std::string> names;
  for (const StoredSpace* space : fitting) names.push_back(base::printable(space->as, 80));
  return {Code::usage, fmt::format("this machine is in '{}' more than once", shown),
          fmt::format("say which one with --as: {}", fmt::join(names, ", "))};
}

}  // namespace

StoredSpace StoredSpace::duplicate() const {
  return {.entry = entry,
          .space_id = space_id,
          .name = name,
          .server = server,
          .as = as,
          .key_type = key_type,
          .participant_id = participant_id,
          .key_id = key_id,
          .key = key.duplicate(),
          .invitation = invitation.duplicate(),
          .join_token = join_token.duplicate(),
          .asked = asked,
          .read = read};
}

base::Result<StoredSpaces> StoredSpaces::load(const std::filesystem::path& folder) {
  TRY_VOID(base::prepare_private_folder(folder));
  TRY(const auto root, read_credentials(folder));
  StoredSpaces stored(folder);
  stored.spaces_ = spaces_in(root);
  return stored;
}

base::Result<StoredSpace> StoredSpaces::find(const SpaceChoice& choice) const {
  std::vector<const StoredSpace*> fitting;
  for (const StoredSpace& space : spaces_) {
    if (is_meant(space, choice)) fitting.push_back(&space);
  }
  if (fitting.size() == 1) return fitting.front()->duplicate();
  if (!fitting.empty()) return ambiguous(fitting, choice.space);
  return Error(Code::usage,
               fmt::format("no space '{}' is known here", base::printable(choice.space, 80)),
               "see 'kronborg space list'");
}

base::Result<void> StoredSpaces::change(const std::function<bool(toml::table&)>& edit) {
  TRY(const auto root,
      change_credentials(folder_, [&](toml::table& all) { return edit(table_in(all, "spaces")); }));
  spaces_ = spaces_in(root);
  return {};
}

base::Result<void> StoredSpaces::put(const StoredSpace& space) {
  return change([&](toml::table& tables) {
    tables.insert_or_assign(space.entry, table_of(space));
    return true;
  });
}

base::Result<void> StoredSpaces::update(const std::string& entry,
                                        const std::function<void(StoredSpace&)>& edit) {
  return change([&](toml::table& tables) {
    const auto* table = tables[entry].as_table();
    if (table == nullptr) return false;
    auto space = read(entry, *table);
    edit(space);
    tables.insert_or_assign(entry, table_of(space));
    return true;
  });
}

base::Result<void> StoredSpaces::remove(const std::string& entry) {
  return change([&](toml::table& tables) { return tables.erase(entry) > 0; });
}

}  // namespace kronborg::cli
