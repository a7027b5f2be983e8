#include "cli/connect.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "cli/commands.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::string_view invite_scheme = "osaurus://";
constexpr std::size_t most_link_bytes = 16U << 10U;

std::string machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "kronborg";
  return one_line(name.data());
}

Result<void> make_identity(Connecting& connecting) {
  fmt::print(stderr, "this machine has no identity yet; it gets one now\n");
  json::object request;
  TRY_VOID(connecting.options.keystore.fill(connecting.context, request));
  TRY(const auto made, connecting.context.call("POST", "/api/v1/identity", request));
  fmt::print(stderr,
             "master address  {}\nrecovery code   {}\nWrite the recovery code down: it is shown "
             "once.\n\n",
             text_of(made.value, "masterAddress"), text_of(made.value, "recoveryCode"));
  return {};
}

/// The link, when an invite is what was given.
Result<std::optional<std::string>> invite_of(const ConnectOptions& options) {
  if (options.target.starts_with(invite_scheme)) return std::optional(options.target);
  if (options.target != "-") return std::optional<std::string>();
  TRY(auto text, read_input("-", most_link_bytes));
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos) {
    text.pop_back();
  }
  return std::optional(std::move(text));
}

Result<std::vector<StoredHost>> connect(Connecting& connecting) {
  const auto& options = connecting.options;
  TRY(const auto link, invite_of(options));
  const int ways = int(link.has_value()) + int(options.code_file.has_value()) + int(options.owner);
  if (ways > 1) {
    return Error(Code::usage, "an invite, --code-file and --owner are three ways to the same end",
                 "give one of them");
  }
  if (link) return connect_by_invite(connecting, *link);
  if (options.code_file) return connect_by_code(connecting);
  if (options.owner) return connect_as_owner(connecting);
  return connect_by_prompt(connecting);
}

json::object shown(const StoredHost& host) {
  json::object one{{"host", host.host},
                   {"url", host.url},
                   {"agentAddress", host.agent.text()},
                   {"agentName", host.agent_name},
                   {"secureChannel", host.channel}};
  if (!host.agent_id.empty()) one["agentId"] = host.agent_id;
  if (host.expires_at) one["keyExpiresAt"] = base::iso_time(*host.expires_at * 1000);
  return one;
}

int run(Context& context, const ConnectOptions& options) {
  Connecting connecting{context, options};
  const auto keys = connect(connecting);
  if (!keys) return context.fail(keys.error());
  const auto folder = context.folder();
  if (!folder) return context.fail(folder.error());
  json::array all;
  for (const StoredHost& key : *keys) {
    if (const auto kept = keep_host(*folder, key); !kept) return context.fail(kept.error());
    all.emplace_back(shown(key));
  }
  return context.show(json::object{{"connected", all}}, [&] {
    for (const StoredHost& key : *keys) {
      Facts facts;
      facts.add("agent", key.agent_name.empty() ? "-" : one_line(key.agent_name));
      facts.add("address", key.agent.text());
      facts.add("host", key.host);
      facts.add("key until", key.expires_at ? base::iso_time(*key.expires_at * 1000).substr(0, 10)
                                            : "it is revoked");
      facts.print();
    }
    fmt::print(stderr,
               "\nThe key is in credentials.toml of this machine.\nNext:\n  kronborg request GET "
               "{}/v1/models\n",
               keys->front().url);
  });
}

}  // namespace

Result<OwnIdentity> own_identity(Connecting& connecting) {
  auto own = connecting.context.call("GET", "/api/v1/connector");
  if (!own && own.error().code == Code::identity_missing) {
    TRY_VOID(make_identity(connecting));
    own = connecting.context.call("GET", "/api/v1/connector");
  }
  if (!own) return own.error();
  const auto address = identity::Address::parse(text_of(own->value, "connectorAddress"));
  if (!address) return Code::internal_error;
  return OwnIdentity{.connector = *address,
                     .fingerprint = text_of(own->value, "fingerprint"),
                     .device_id = text_of(own->value, "deviceId"),
                     .machine = machine_name()};
}

void add_connect_command(const Shell& shell) {
  auto& context = shell.context;
  auto options = std::make_shared<ConnectOptions>();
  auto* command = shell.verb(
      "connect", "get a key from another host: find it nearby, or by its address or an invite",
      "kronborg connect\n  kronborg connect http://192.0.2.7:1337 --code-file ./code\n"
      "  kronborg connect 'osaurus://0x…?pair=…'",
      [&context, options] {
        options->compare =
            options->no_compare ? pairing::Compare::waived : pairing::Compare::required;
        options->unsigned_answer =
            options->accept_unsigned ? pairing::Unsigned::accepted : pairing::Unsigned::refused;
        return run(context, *options);
      });
  command->add_option("target", options->target,
                      "host, or invite link ('-': invite on standard input); without it hosts are "
                      "looked for on the local network");
  command->add_option("--agent", options->agent,
                      "which agent: name, id, address, or ID@ADDRESS for a host that is not found");
  command->add_option("--code-file", options->code_file,
                      "file with the six digits that the host shows ('-': standard input)");
  command->add_flag("--owner", options->owner,
                    "the host is of the same master: prove that instead of asking");
  command->add_flag("--no-compare", options->no_compare,
                    "also take a host that offers no words to compare");
  command->add_flag("--accept-unsigned", options->accept_unsigned,
                    "take a key from a host that does not sign which key it was sealed to");
}

}  // namespace kronborg::cli
