#include "app/serve.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <csignal>
#include <cstdio>

#include "app/log.h"
#include "cli/client_lines.h"
#include "cli/commands.h"
#include "cli/prompt.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Result;

struct ServeArguments {
  std::vector<std::string> listen, upstreams;
  std::optional<std::string> store;
  bool expose = false, demo = false;
};

/// Addresses of this host, loopback first, for --expose.
std::vector<std::string> own_addresses(std::uint16_t port) {
  std::vector<std::string> addresses{fmt::format("127.0.0.1:{}", port)};
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  for (const auto* item = list; item != nullptr; item = item->ifa_next) {
    if (item->ifa_addr == nullptr || item->ifa_addr->sa_family != AF_INET ||
        (item->ifa_flags & IFF_LOOPBACK) != 0) {
      continue;
    }
    char text[INET_ADDRSTRLEN] = {};
    const auto& address = reinterpret_cast<const sockaddr_in*>(item->ifa_addr)->sin_addr;
    if (inet_ntop(AF_INET, &address, text, sizeof text) != nullptr) {
      addresses.push_back(fmt::format("{}:{}", text, port));
    }
  }
  freeifaddrs(list);
  return addresses;
}

Result<app::Config> effective_config(Context& context, const ServeArguments& arguments) {
  TRY(auto config, context.load_config());
  if (!arguments.listen.empty())
    TRY_VOID(config.set("http.listen", arguments.listen, "option --listen"));
  if (arguments.store) TRY_VOID(config.set("store.url", *arguments.store, "option --store"));
  if (arguments.expose) {
    TRY_VOID(config.set("http.profile", std::string("lan"), "option --expose"));
    if (arguments.listen.empty()) {
      TRY(const auto first, http::parse_listen_address(config.texts("http.listen").front()));
      TRY_VOID(config.set("http.listen", own_addresses(first.port), "option --expose"));
    }
  }
  if (!arguments.upstreams.empty() || arguments.demo) config.clear_upstreams();
  for (const auto& url : arguments.upstreams) {
    if (url != "auto") config.add_upstream({"", url, "", "option --upstream"});
  }
  return config;
}

Result<json::value> ask(app::App& app, std::string_view method, std::string_view path,
                        const json::object& body) {
  api::Request request;
  request.method = method;
  request.path = path;
  request.fields = {{"content-type", "application/json"}, {"accept", "application/json"}};
  request.body = base::to_text(body);
  request.caller = api::CallerKind::owner;
  request.request_id = base::uuid4(app.random());
  const auto answer = app.router().call(request);
  TRY(auto value, base::parse_json(answer.body));
  if (answer.status >= 300)
    return error_of({answer.status, answer.content_type, answer.body, value});
  return value;
}

/// The demo asks nothing: an identity when there is none, and a key for 30 days.
Result<json::object> prepare_demo(app::App& app) {
  json::object made;
  TRY(const auto facts, app.identity().facts());
  if (!facts) {
    TRY(const auto identity, ask(app, "POST", "/api/v1/identity", {{"keystore", "file"}}));
    made["masterAddress"] = identity.at("masterAddress");
    made["recoveryCode"] = identity.at("recoveryCode");
  } else {
    made["masterAddress"] = facts->master.text();
  }
  if (app.key_holder().locked()) return made;
  TRY(const auto key,
      ask(app, "POST", "/api/v1/access-keys", {{"label", "demo"}, {"expires", "30d"}}));
  made["key"] = key.at("key");
  made["keyId"] = key.at("id");
  return made;
}

void print_demo(const json::object& made, const std::string& url,
                const std::filesystem::path& folder) {
  const auto text = [&](const char* name) { return std::string(made.at(name).as_string()); };
  fmt::print("master address  {}\n", text("masterAddress"));
  if (made.contains("recoveryCode")) {
    fmt::print("recovery code   {}\n", text("recoveryCode"));
    fmt::print("                (shown this once; it opens {})\n",
               (folder / "recovery.json").string());
  }
  if (made.contains("key")) {
    fmt::print("demo key        {}\n\n{}", text("key"), client_lines(url, text("key")));
    fmt::print("Take it back, and the next request gets 401:\n  kronborg key revoke {}\n",
               text("keyId"));
  }
  fmt::print("\n");
  std::fflush(stdout);
}

/// A keystore that asks for nothing is opened; when that fails, the server verifies and stays
/// locked.
Result<void> unlock_at_start(Context& context, app::App& app, app::Log& log) {
  const auto keystore = app.key_holder().keystore();
  const bool pin = keystore && keystore->asks == keyholder::Asks::pin;
  const auto& file = pin ? context.pin_file : context.passphrase_file;
  if (keystore && keystore->asks == keyholder::Asks::nothing) {
    if (!app.key_holder().locked()) return {};
    if (auto opened = ask(app, "POST", "/api/v1/identity/unlock", {}); !opened) {
      log.warn(fmt::format("the keystore stays locked: {}", opened.error().text()));
    }
    return {};
  }
  if (!file) return {};
  TRY(const auto secret, read_secret(std::filesystem::path(*file), pin ? "PIN" : "passphrase",
                                     pin ? "--pin-file F" : "--passphrase-file F"));
  TRY_VOID(
      ask(app, "POST", "/api/v1/identity/unlock", {{pin ? "pin" : "passphrase", secret.reveal()}}));
  return {};
}

void tell_state(app::App& app, app::Log& log, const std::string& url) {
  log.info(fmt::format("listening on {}", fmt::join(app.exposure().listening, ", ")));
  log.info(fmt::format("clients on this machine use {}", url));
  for (const auto& upstream : app.exposure().upstreams)
    log.info(fmt::format("upstream {}", upstream));
  const auto keystore = app.key_holder().keystore();
  if (!keystore) {
    log.warn("there is no identity yet: run 'kronborg init'");
  } else if (keystore->kind == keyholder::KeystoreKind::file) {
    log.warn("the master key is protected by file permissions only (keystore kind file)");
  } else if (app.key_holder().locked()) {
    log.info("the identity is locked: keys are verified; to mint, run 'kronborg unlock'");
  }
}

Result<void> serve(Context& context, const ServeArguments& arguments) {
  TRY(auto config, effective_config(context, arguments));
  TRY(auto log, app::Log::open(config.text("log.format"), config.text("log.level"),
                               config.flag("log.access")));
  if (context.server_runs()) {
    TRY(const auto folder, context.folder());
    return base::Error(base::Code::store_in_use,
                       fmt::format("a server runs already in {}", folder.string()),
                       "stop it first, or set KRONBORG_HOME to another folder");
  }
  TRY(auto app, context.open_app(std::move(config)));
  app::ServeOptions options;
  // With an upstream of the user's own, --demo only makes what is missing.
  options.demo = arguments.demo && arguments.upstreams.empty();
  options.find_upstream =
      std::ranges::find(arguments.upstreams, "auto") != arguments.upstreams.end();
  TRY(auto server, app::Server::prepare(*app, *log, options));
  TRY_VOID(unlock_at_start(context, *app, *log));
  json::object made{{"url", server->local_url()}};
  if (arguments.demo) {
    TRY(auto demo, prepare_demo(*app));
    if (context.json) {
      made.insert(demo.begin(), demo.end());
    } else {
      print_demo(demo, server->local_url(), app->data_folder());
    }
  }
  server->start();
  if (context.json) {
    fmt::print("{}\n", base::to_text(made));
    std::fflush(stdout);
  }
  tell_state(*app, *log, server->local_url());
  server->run_until_signal();
  return {};
}

/// Signals are taken by one thread that waits for them; all others are born with them blocked.
void block_signals() {
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&blocked, signal);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
}

}  // namespace

void add_serve_command(const Shell& shell) {
  auto& context = shell.context;
  auto arguments = std::make_shared<ServeArguments>();
  auto* command =
      shell.verb("serve", "run the gate and the management API", "kronborg serve --upstream auto",
                 [&context, arguments] {
                   block_signals();
                   const auto served = serve(context, *arguments);
                   return served ? static_cast<int>(done) : context.fail(served.error());
                 });
  command->add_option("--listen", arguments->listen, "address and port, repeatable");
  command->add_flag("--expose", arguments->expose,
                    "listen on the addresses of this host (profile lan; needs TLS)");
  command->add_option(
      "--upstream", arguments->upstreams,
      "URL of the upstream, or auto: a model server on port 11434, 1234, 8080 or 8000");
  command->add_option("--store", arguments->store,
                      "postgresql:// URL instead of SQLite in the data folder");
  command->add_flag(
      "--demo", arguments->demo,
      "make an identity and a key, and answer as an OpenAI-compatible echo when no --upstream is "
      "given");
}

}  // namespace kronborg::cli
