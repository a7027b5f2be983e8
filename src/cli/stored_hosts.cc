#include "cli/stored_hosts.h"

#include <toml++/toml.h>

#include <utility>

#include "base/text.h"
#include "cli/credentials.h"

namespace kronborg::cli {
namespace {

toml::table table_of(const StoredHost& host) {
  toml::table table;
  put_in(table, "url", host.url);
  put_in(table, "agent_id", host.agent_id);
  put_in(table, "agent_name", host.agent_name);
  put_in(table, "key", host.key.reveal());
  if (host.expires_at) table.insert("expires_at", *host.expires_at);
  table.insert("secure_channel", host.channel);
  return table;
}

}  // namespace

base::Result<void> keep_host(const std::filesystem::path& folder, const StoredHost& host) {
  TRY(const auto written, change_credentials(folder, [&](toml::table& root) {
        toml::table& agents = table_in(table_in(root, "hosts"), base::lower(host.host));
        agents.insert_or_assign(host.agent.text(), table_of(host));
        return true;
      }));
  static_cast<void>(written);
  return {};
}

base::Result<std::vector<StoredHost>> keys_for_host(const std::filesystem::path& folder,
                                                    std::string_view host) {
  TRY(const auto root, read_credentials(folder));
  std::vector<StoredHost> found;
  const std::string name = base::lower(host);
  const auto* agents = root["hosts"][name].as_table();
  if (agents == nullptr) return found;
  for (const auto& [address, node] : *agents) {
    const auto* table = node.as_table();
    const auto agent = identity::Address::parse(address.str());
    if (table == nullptr || !agent) continue;
    StoredHost one{.host = name,
                   .url = text_in(*table, "url"),
                   .agent = *agent,
                   .agent_id = text_in(*table, "agent_id"),
                   .agent_name = text_in(*table, "agent_name"),
                   .key = base::SecretText(text_in(*table, "key")),
                   .expires_at = (*table)["expires_at"].value<std::int64_t>(),
                   .channel = (*table)["secure_channel"].value_or(true)};
    if (!one.key.empty()) found.push_back(std::move(one));
  }
  return found;
}

}  // namespace kronborg::cli
