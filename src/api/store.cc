#include <filesystem>
#include <string>

#include "api/members.h"
#include "api/operations.h"

namespace kronborg::api {
namespace {

constexpr std::size_t max_path = 4096;

}  // namespace

base::Result<Outcome> back_up_store(const Desk& desk, const OwnerCall& call) {
  TRY(Members members, Members::read(call.body()));
  const auto file = members.bytes("file", max_path, Need::required);
  if (file && !std::filesystem::path(*file).is_absolute()) {
    members.fault("file", "bad_pattern", "It must be an absolute path on the host.");
  }
  TRY_VOID(members.finish());
  TRY_VOID(accept_no_query(call));
  TRY_VOID(desk.nouns.parts.database.backup(*file));
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(*file, error);
  Outcome outcome{.body = {{"file", *file}}};
  if (!error) outcome.body["bytes"] = bytes;
  return outcome;
}

base::Result<Outcome> check_store(const Desk& desk, const OwnerCall& call) {
  TRY_VOID(accept_no_input(call));
  TRY(const auto findings, desk.nouns.parts.database.check());
  boost::json::array list;
  for (const std::string& finding : findings) list.emplace_back(boost::json::string(finding));
  return Outcome{.body = {{"ok", findings.empty()}, {"findings", std::move(list)}}};
}

}  // namespace kronborg::api
