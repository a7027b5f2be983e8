#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "base/text.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/space_text.h"
#include "mdns/browser.h"
#include "pairing/service.h"
#include "pairing/words.h"

namespace kronborg::cli {
namespace {

using base::Code;
using base::Error;
using base::Result;

/// A service of the network, its text checked as far as that goes.
struct Nearby {
  std::string url;
  pairing::FoundAgent agent;
};

Result<std::vector<Nearby>> look_around() {
  fmt::print(stderr, "looking for hosts on the local network …\n");
  TRY(const auto services, mdns::browse(pairing::service_type));
  std::vector<Nearby> all;
  for (const auto& service : services) {
    auto agent = pairing::read_service_txt(service.txt);
    // Without an address there is nothing to hold the host to.
    if (!agent || !agent->address || !base::is_uuid(agent->id)) {
      fmt::print(stderr, "note: '{}' at {} does not say which agent it is; passed over\n",
                 one_line(service.instance), service.address);
      continue;
    }
    const bool is_v6 = service.address.find(':') != std::string::npos;
    all.push_back({.url = is_v6 ? fmt::format("http://[{}]:{}", service.address, service.port)
                                : fmt::format("http://{}:{}", service.address, service.port),
                   .agent = *std::move(agent)});
  }
  return all;
}

bool is_agent(const pairing::FoundAgent& agent, std::string_view wanted) {
  return agent.name == wanted || base::equal_ignoring_case(agent.id, wanted) ||
         identity::Address::parse(wanted) == agent.address;
}

bool is_host(const Nearby& found, std::string_view wanted) {
  const auto named = read_host_address(wanted);
  const auto at = read_host_address(found.url);
  return found.agent.name == wanted || (named && at && named->at == at->at);
}

Error choose(const std::vector<const Nearby*>& fitting) {
  Table table({"AGENT", "ADDRESS", "WORDS", "HOST"});
  for (const Nearby* one : fitting) {
    table.add({one_line(one->agent.name), one->agent.address->text(),
               pairing::address_words(*one->agent.address), one->url});
  }
  table.print("");
  return {Code::usage, fmt::format("{} agents are offered nearby", fitting.size()),
          "say which with --agent ADDRESS"};
}

/// `ID@ADDRESS`, for a host that cannot be found by itself.
std::optional<std::pair<std::string, identity::Address>> id_and_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  const auto address = identity::Address::parse(text.substr(at + 1));
  if (!base::is_uuid(text.substr(0, at)) || !address) return std::nullopt;
  return std::pair(std::string(text.substr(0, at)), *address);
}

}  // namespace

Result<identity::Address> agent_address(const ConnectOptions& options) {
  const auto address = identity::Address::parse(options.agent.value_or(""));
  if (address) return *address;
  return Error(Code::usage, "the address of the agent is needed", "give it with --agent 0x…");
}

Result<RemoteAgent> find_agent(Connecting& connecting) {
  const auto& options = connecting.options;
  if (const auto known = id_and_address(options.agent.value_or(""));
      known && !options.target.empty()) {
    TRY(auto host, read_host_address(options.target));
    return RemoteAgent{
        .host = std::move(host), .address = known->second, .id = known->first, .name = {}};
  }
  if (options.target.find("://") != std::string::npos) {
    TRY_VOID(read_host_address(options.target));
  }
  TRY(const auto nearby, look_around());
  std::vector<const Nearby*> fitting;
  for (const Nearby& one : nearby) {
    if (!options.target.empty() && !is_host(one, options.target)) continue;
    if (options.agent && !is_agent(one.agent, *options.agent)) continue;
    fitting.push_back(&one);
  }
  if (fitting.empty() && !options.target.empty()) {
    return Error(Code::host_not_found, "That host does not announce such an agent nearby.",
                 "Name the agent in full with --agent ID@ADDRESS, or use a six-digit code: "
                 "--code-file F");
  }
  if (fitting.empty()) {
    return Error(
        Code::host_not_found, {},
        "Is it started with 'kronborg serve --expose', and the agent shared? Else name it: "
        "kronborg connect http://HOST:PORT --agent ID@ADDRESS");
  }
  if (fitting.size() > 1) return choose(fitting);
  const Nearby& found = *fitting.front();
  TRY(auto host, read_host_address(found.url));
  return RemoteAgent{.host = std::move(host),
                     .address = *found.agent.address,
                     .id = found.agent.id,
                     .name = found.agent.name,
                     .channel = found.agent.channel};
}

}  // namespace kronborg::cli
