#include <fmt/format.h>

#include <charconv>

#include "authority/access_keys.h"
#include "authority/authority.h"
#include "base/random.h"
#include "cli/client_lines.h"
#include "cli/commands.h"
#include "cli/prompt.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;

struct KeyOptions {
  std::string key;
  std::string label;
  std::optional<std::string> agent, reason, issuer, nonce, up_to, file;
  std::string expires = "90d";
  bool all = false, dry_run = false, inclusive = false;
};

base::Result<std::string> agent_id(Context& context, const std::string& named) {
  TRY(const auto agent, context.call("GET", "/api/v1/agents/" + segment(named)));
  return text_of(agent.value, "id");
}

/// Where clients on this machine reach the gate.
std::string gate_url(Context& context) {
  const auto status = context.call("GET", "/api/v1/status");
  return status ? text_of(status->value, "origin") : "http://localhost:1337";
}

int create(Context& context, const KeyOptions& options) {
  json::object body{{"label", options.label}, {"expires", options.expires}};
  if (options.agent) {
    const auto id = agent_id(context, *options.agent);
    if (!id) return context.fail(id.error());
    body["agentId"] = *id;
  }
  auto reply = context.call("POST", "/api/v1/access-keys", body);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    const auto key = std::string(reply->value.at("key").as_string());
    fmt::print("{}\n", key);
    fmt::print(stderr, "\nThis key is shown once. Its id is {}{}.\n\n{}",
               text_of(reply->value, "id"),
               reply->value.get_object().contains("expiresAt")
                   ? ", it ends on " + date_of(reply->value, "expiresAt")
                   : ", it never ends",
               client_lines(gate_url(context), "<key>"));
  });
}

int list(Context& context, const KeyOptions& options) {
  std::string path = fmt::format("/api/v1/access-keys?all={}", options.all);
  if (options.agent) {
    const auto id = agent_id(context, *options.agent);
    if (!id) return context.fail(id.error());
    path += "&agentId=" + *id;
  }
  const auto keys = context.all_of(path, "accessKeys");
  if (!keys) return context.fail(keys.error());
  return context.show(json::object{{"accessKeys", *keys}}, [&] {
    Table table({"LABEL", "SCOPE", "STATUS", "EXPIRES", "LAST USED", "USES", "HINT"});
    for (const auto& key : *keys) {
      const auto expires = date_of(key, "expiresAt");
      const auto used = date_of(key, "lastUsedAt");
      table.add({text_of(key, "label"), text_of(key, "scope"), text_of(key, "status"),
                 expires.empty() ? "never" : expires, used.empty() ? "never" : used,
                 text_of(key, "useCount"), text_of(key, "hint")});
    }
    table.print("no access keys: kronborg key create --label NAME");
  });
}

std::string path_of(const KeyOptions& options) {
  return "/api/v1/access-keys/" + segment(options.key);
}

int show(Context& context, const KeyOptions& options) {
  const auto reply = context.call("GET", path_of(options));
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    Facts facts;
    for (const auto& [name, value] : reply->value.get_object())
      facts.add(std::string(name), text_of(reply->value, name));
    facts.print();
  });
}

/// Prints how many keys died, or would.
int tell_revoked(Context& context, const base::Result<Reply>& reply, bool dry_run) {
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    const auto count = text_of(reply->value, "revoked");
    fmt::print("{} {} {}\n", count, count == "1" ? "key" : "keys",
               dry_run ? "would be revoked" : "revoked");
  });
}

std::string with_dry_run(std::string path, const KeyOptions& options) {
  return options.dry_run ? path + "?dryRun=true" : path;
}

int revoke(Context& context, const KeyOptions& options) {
  if (options.issuer || options.nonce) {
    if (!options.issuer || !options.nonce || !options.key.empty()) {
      return context.fail({base::Code::usage, "--issuer and --nonce go together, without a key",
                           "kronborg key revoke --issuer ADDRESS --nonce N"});
    }
    const json::object body{{"issuer", *options.issuer}, {"nonce", *options.nonce}};
    return tell_revoked(context,
                        context.call("POST", with_dry_run("/api/v1/revocations", options), body),
                        options.dry_run);
  }
  if (options.key.empty()) {
    return context.fail(
        {base::Code::usage, "which key?", "give its id, label or the end of its hint"});
  }
  json::object body;
  if (options.reason) body["reason"] = *options.reason;
  return tell_revoked(
      context, context.call("POST", with_dry_run(path_of(options) + "/revoke", options), body),
      options.dry_run);
}

int revoke_before(Context& context, const KeyOptions& options) {
  const json::object body{{"inclusive", options.inclusive}};
  return tell_revoked(
      context,
      context.call("POST", with_dry_run(path_of(options) + "/revoke-before", options), body),
      options.dry_run);
}

int revoke_issuer(Context& context, const KeyOptions& options) {
  json::object body{{"issuer", *options.issuer}};
  if (options.up_to) {
    std::uint64_t counter = 0;
    const auto [end, failure] = std::from_chars(
        options.up_to->data(), options.up_to->data() + options.up_to->size(), counter);
    if (failure != std::errc{} || end != options.up_to->data() + options.up_to->size()) {
      return context.fail(
          {base::Code::usage, "--up-to is a counter: digits only", "see 'kronborg key show K'"});
    }
    constexpr std::uint64_t exact = (1ULL << 53U) - 1;
    body["upToCounter"] = counter <= exact ? json::value(counter) : json::value(*options.up_to);
  }
  return tell_revoked(context,
                      context.call("POST", with_dry_run("/api/v1/revocations", options), body),
                      options.dry_run);
}

int forget(Context& context, const KeyOptions& options) {
  const auto reply = context.call("DELETE", path_of(options));
  if (!reply) return context.fail(reply.error());
  return context.show(
      reply->value, [] { fmt::print("revoked and hidden from lists; the audit log keeps it\n"); });
}

void print_inspection(const json::value& value) {
  Facts facts;
  facts.add("decision", text_of(value, "decision"));
  if (const auto code = text_of(value, "code"); !code.empty()) facts.add("code", code);
  const auto* rule = value.is_object() ? value.get_object().if_contains("rule") : nullptr;
  if (rule != nullptr)
    facts.add("rule", fmt::format("{} (row {})", text_of(*rule, "text"), text_of(*rule, "row")));
  if (const auto hint = text_of(value, "hint"); !hint.empty()) facts.add("hint", hint);
  const auto* claims = value.is_object() ? value.get_object().if_contains("claims") : nullptr;
  if (claims != nullptr && claims->is_object()) {
    for (const auto& [name, claim] : claims->get_object())
      facts.add(std::string(name), text_of(*claims, name));
  }
  facts.print();
}

/// Without an identity there is nothing to decide by: what the bytes alone say.
json::value inspect_offline(std::string_view key) {
  const base::SystemClock clock;
  const auto seen = authority::inspect(authority::Policy{}, key, clock.now());
  json::object value{{"decision", "undecided"}};
  if (seen.row < 7 && seen.denied) {
    value["decision"] = "denied";
    value["code"] = base::facts(*seen.denied).name;
    value["hint"] = base::facts(*seen.denied).hint;
  } else {
    value["hint"] = "the signature is good; there is no identity here to decide by";
  }
  if (seen.claims) {
    json::object claims{{"iss", seen.claims->issuer},
                        {"aud", seen.claims->audience},
                        {"lbl", seen.claims->label},
                        {"nonce", seen.claims->nonce},
                        {"cnt", std::to_string(seen.claims->counter)},
                        {"iat", seen.claims->issued_at}};
    if (seen.claims->expires_at) claims["exp"] = *seen.claims->expires_at;
    value["claims"] = std::move(claims);
  }
  return value;
}

int inspect(Context& context, const KeyOptions& options) {
  std::optional<std::filesystem::path> source;
  if (options.file) source = *options.file;
  if (options.key == "-") source = "-";
  if (!options.key.empty() && options.key != "-") {
    return context.fail({base::Code::usage,
                         "a key is never an argument: other users could read it there",
                         "kronborg key inspect - < key.txt"});
  }
  const auto key = read_secret(source, "key", "'-' (standard input) or --key-file F");
  if (!key) return context.fail(key.error());
  const auto folder = context.folder();
  std::error_code ignored;
  if (folder && std::filesystem::exists(*folder / "keystore.json", ignored)) {
    const auto reply =
        context.call("POST", "/api/v1/access-keys/inspect", json::object{{"key", key->reveal()}});
    if (!reply) return context.fail(reply.error());
    context.show(reply->value, [&] { print_inspection(reply->value); });
    return text_of(reply->value, "decision") == "valid" ? done : denied;
  }
  const auto value = inspect_offline(key->reveal());
  context.show(value, [&] { print_inspection(value); });
  return text_of(value, "decision") == "denied" ? denied : done;
}

void add_revocations(const Shell& noun, const std::shared_ptr<KeyOptions>& options) {
  auto& context = noun.context;
  const auto dry = [options](CLI::App* verb) {
    verb->add_flag("--dry-run", options->dry_run, "only say how many keys would die");
  };
  auto* one = noun.verb("revoke", "revoke a key: its next request gets 401",
                        "kronborg key revoke laptop --reason lost",
                        [&context, options] { return revoke(context, *options); });
  one->add_option("key", options->key,
                  "id, label if unique, or the last 6 or more characters of the hint");
  one->add_option("--reason", options->reason, "kept with the record");
  one->add_option("--issuer", options->issuer, "for a key made elsewhere: its issuer");
  one->add_option("--nonce", options->nonce, "for a key made elsewhere: its nonce");
  dry(one);
  auto* before = noun.verb("revoke-before", "revoke everything the same issuer made before a key",
                           "kronborg key revoke-before laptop --dry-run",
                           [&context, options] { return revoke_before(context, *options); });
  before->add_option("key", options->key, "id, label or end of the hint")->required();
  before->add_flag("--inclusive", options->inclusive, "that key too");
  dry(before);
  auto* issuer = noun.verb("revoke-issuer", "revoke what an issuer has made so far",
                           "kronborg key revoke-issuer 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                           [&context, options] { return revoke_issuer(context, *options); });
  issuer->add_option("address", options->issuer, "its address")->required();
  issuer->add_option("--up-to", options->up_to, "only keys with this counter or a lower one");
  dry(issuer);
}

}  // namespace

void add_key_commands(const Shell& shell) {
  const auto noun = shell.noun("key", "access keys: mint, list, revoke, inspect");
  auto& context = shell.context;
  auto options = std::make_shared<KeyOptions>();
  auto* made = noun.verb("create", "mint a key; it is shown once",
                         "kronborg key create --label 'Cursor on my laptop' --expires 30d",
                         [&context, options] { return create(context, *options); });
  made->add_option("--label", options->label, "what it is for, 1 to 80 characters")->required();
  made->add_option("--agent", options->agent, "only for this agent (name, UUID or address)");
  made->add_option("--expires", options->expires, "30d, 90d (default), 1y or never")
      ->check(CLI::IsMember({"30d", "90d", "1y", "never"}));
  auto* listed = noun.verb("list", "list the keys that work", "kronborg key list --all",
                           [&context, options] { return list(context, *options); });
  listed->add_option("--agent", options->agent, "only keys of this agent");
  listed->add_flag("--all", options->all, "revoked and expired ones too");
  noun.verb("show", "show a key's record", "kronborg key show 3f9a1c",
            [&context, options] { return show(context, *options); })
      ->add_option("key", options->key, "id, label or end of the hint")
      ->required();
  add_revocations(noun, options);
  noun.verb("forget", "revoke a key and hide it from lists", "kronborg key forget 3f9a1c",
            [&context, options] { return forget(context, *options); })
      ->add_option("key", options->key, "id, label or end of the hint")
      ->required();
  auto* looked = noun.verb("inspect", "decode a key and say what would be decided, and why",
                           "kronborg key inspect - < key.txt",
                           [&context, options] { return inspect(context, *options); });
  looked->add_option("source", options->key, "'-': read the key from standard input");
  looked->add_option("--key-file", options->file, "file that holds the key");
}

}  // namespace kronborg::cli
