#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/keystore_options.h"
#include "cli/prompt.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Result;

Result<Reply> initialise(Context& context, const KeystoreOptions& options) {
  json::object request;
  if (options.replace) {
    TRY(const auto typed, confirm_replacement(context, ""));
    request["replace"] = typed;
  } else {
    // Said before a passphrase is asked for, not after.
    TRY(auto* client, context.client());
    TRY(const auto current, client->call("GET", "/api/v1/identity", std::nullopt));
    if (current.ok()) return base::Error(base::Code::identity_exists);
  }
  TRY_VOID(options.fill(context, request));
  return context.call("POST", "/api/v1/identity", request);
}

int init(Context& context, const KeystoreOptions& options) {
  const auto reply = initialise(context, options);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    Facts facts;
    facts.add("master address", text_of(reply->value, "masterAddress"));
    facts.add("device id", text_of(reply->value, "deviceId"));
    facts.add("keystore", text_of(reply->value, "keystore"));
    facts.add("recovery code", text_of(reply->value, "recoveryCode"));
    facts.print();
    fmt::print(stderr,
               "\nWrite the recovery code down: it is shown once, and it opens recovery.json in "
               "the data folder.\n"
               "hint: keep a copy of that file elsewhere too; kronborg rewrites it when something "
               "changes\n");
  });
}

/// The kind, and what opens it.
std::string keystore_text(const json::value& identity) {
  const auto asks = text_of(identity, "unlockWith");
  const auto kind = text_of(identity, "keystore");
  if (asks == "pin") return kind + ", with a PIN";
  return asks.empty() ? kind + ", missing" : kind;
}

int status(Context& context) {
  const auto reply = context.call("GET", "/api/v1/status");
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    const auto& value = reply->value;
    Facts facts;
    const auto* identity = value.get_object().if_contains("identity");
    if (identity != nullptr && identity->is_object()) {
      facts.add("identity", text_of(*identity, "masterAddress"));
      facts.add("state", flag_of(*identity, "locked") ? "locked" : "unlocked");
      facts.add("keystore", keystore_text(*identity));
    } else {
      facts.add("identity", "none yet: kronborg init");
    }
    facts.add("server", flag_of(value, "serving") ? "running" : "not running");
    facts.add("origin", text_of(value, "origin"));
    for (const auto& address : array_of(value, "listening"))
      facts.add("listening", std::string(address.as_string()));
    for (const auto& url : array_of(value, "upstreams"))
      facts.add("upstream", std::string(url.as_string()));
    if (const auto* store = value.get_object().if_contains("store"); store != nullptr) {
      facts.add("store", fmt::format("{} {}", text_of(*store, "kind"), text_of(*store, "place")));
    }
    if (const auto* counts = value.get_object().if_contains("counts");
        counts != nullptr && counts->is_object()) {
      for (const auto& [name, count] : counts->get_object())
        facts.add(std::string(name), base::to_text(count));
    }
    facts.print();
    for (const auto& warning : array_of(value, "warnings")) {
      fmt::print(stderr, "warning: {}\n", std::string_view(warning.as_string()));
    }
  });
}

int needs_server(Context& context) {
  return context.fail(
      {base::Code::server_unreachable,
       "no server is running, so there is nothing to unlock or lock",
       "start it with 'kronborg serve'; other commands ask for the passphrase themselves"});
}

int unlock(Context& context, const std::optional<std::string>& own_file) {
  if (!context.server_runs()) return needs_server(context);
  const auto secret = context.opening_secret(own_file);
  if (!secret) return context.fail(secret.error());
  const auto reply = context.call("POST", "/api/v1/identity/unlock", *secret);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value,
                      [&] { fmt::print("unlocked {}\n", text_of(reply->value, "masterAddress")); });
}

int lock(Context& context) {
  if (!context.server_runs()) return needs_server(context);
  const auto reply = context.call("POST", "/api/v1/identity/lock");
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value,
                      [&] { fmt::print("locked {}\n", text_of(reply->value, "masterAddress")); });
}

}  // namespace

void add_identity_commands(const Shell& shell) {
  auto& context = shell.context;
  auto options = std::make_shared<KeystoreOptions>();
  auto* command =
      shell.verb("init", "make the identity of this machine", "kronborg init --keystore passphrase",
                 [&context, options] { return init(context, *options); });
  options->add_to(*command);
  shell.verb("status", "identity, exposure, upstreams, store, counts, warnings",
             "kronborg status --json", [&context] { return status(context); });
  auto file = std::make_shared<std::optional<std::string>>();
  shell
      .verb("unlock", "hand the passphrase or PIN to the key holder",
            "kronborg unlock --passphrase-file ./passphrase",
            [&context, file] { return unlock(context, *file); })
      ->add_option("--passphrase-file", *file, "file with the passphrase ('-': standard input)");
  shell.verb("lock", "forget the master key until the next unlock", "kronborg lock",
             [&context] { return lock(context); });
}

}  // namespace kronborg::cli
