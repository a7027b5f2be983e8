#include "app/serve.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "api/policies.h"
#include "app/demo.h"
#include "app/surface.h"
#include "app/upstream_probe.h"
#include "http/client_url.h"
#include "http/server.h"
#include "http/workers.h"

namespace kronborg::app {

using base::Code;
using base::Error;
using base::Result;

struct Server::State {
  State(App& a, Log& l) : app(a), log(l) {}

  App& app;
  Log& log;
  http::Workers workers;
  std::optional<doors::Mcp> mcp;
  std::optional<doors::A2aDoor> a2a;
  std::optional<ChannelHost> channel;
  std::optional<SharedSurface> shared;
  std::vector<Surface*> surfaces;  // owned by `front`
  std::unique_ptr<http::Server> demo;
  std::unique_ptr<http::Server> front;
  bool running = false;
};

namespace {

/// The surface of http.md 1.2 that a route template belongs to.
SurfaceKind surface_of(std::string_view route) {
  if (route.starts_with("/gate/")) return SurfaceKind::forward_auth;
  if (route.starts_with("/api/")) return SurfaceKind::api;
  if (route.starts_with("/oresundspace/") || route.starts_with("/space/") ||
      route.starts_with("/join/") || route.starts_with("/oauth/") || route == "/mcp" ||
      route == "/a2a") {
    return SurfaceKind::spaces;
  }
  if (route == "/healthz" || route == "/readyz" || route == "/metrics") return SurfaceKind::health;
  if (route.starts_with('/')) return SurfaceKind::discovery;
  return SurfaceKind::gate;
}

Result<std::shared_ptr<const gate::Settings>> gate_settings(App& app, const ServeOptions& options,
                                                            const std::string& demo_url) {
  const auto& config = app.config();
  gate::Settings settings;
  for (const auto& upstream : config.upstreams()) {
    TRY(auto authorization, resolve_secret(upstream.authorization, process_environment()));
    settings.upstreams.push_back({upstream.path, upstream.url, std::move(authorization), {}});
  }
  if (options.find_upstream) {
    const auto found = find_model_server(app.settings().listen.front().port);
    if (!found) {
      return Error(
          Code::upstream_unreachable, "no model server answers on ports 11434, 1234, 8080 or 8000",
          "start one, name it with --upstream URL, or try without one: kronborg serve --demo");
    }
    settings.upstreams.push_back({"", *found, {}, {}});
  }
  if (options.demo) settings.upstreams.push_back({"", demo_url, {}, {}});
  settings.trust_loopback = config.flag("gate.trust_loopback");
  settings.loopback_only_listeners = app.settings().loopback_only;
  settings.body_limit_bytes = static_cast<std::uint64_t>(config.number("gate.body_limit_bytes"));
  settings.answer_timeout = std::chrono::seconds(config.number("gate.timeout_s"));
  settings.origin = app.settings().origin;
  settings.allowed_origins = app.settings().allowed_origins;
  settings.trusted_proxies = app.settings().trusted_proxies;
  return gate::prepare(std::move(settings));
}

/// What the doors ask of the REST surface.
doors::Calls door_calls(App& app) {
  auto& router = app.router();
  return {
      .call =
          [&router](const api::Request& request, std::optional<api::Held>* held) {
            return held == nullptr ? router.call(request) : router.call(request, *held);
          },
      .would_admit = [&router](const api::Request& request) { return router.would_admit(request); },
      .take_rate =
          [&router](std::string_view policy, std::string_view source) {
            doors::Taken taken;
            const auto* const facts =
                std::ranges::find(api::policy_table, policy, &api::PolicyFacts::name);
            const auto index = static_cast<std::size_t>(facts - api::policy_table.begin());
            taken.refused =
                router.take_source_rate(static_cast<api::Policy>(index), source, taken.fields);
            return taken;
          }};
}

/// The demo upstream listens on a Unix socket in the data folder, so that no other user reaches it.
Result<std::unique_ptr<http::Server>> make_demo(App& app, const std::filesystem::path& socket) {
  http::ServerOptions options;
  options.loops = 1;
  auto server = std::make_unique<http::Server>(
      options, app.clock(), app.random(), [&app](boost::asio::io_context& loop, int) {
        return make_demo_upstream(app.clock(), app.random(), loop);
      });
  TRY_VOID(server->listen({.host = {}, .port = 0, .unix_path = socket.string()}));
  return server;
}

/// Whoever hears a service must be able to reach it.
mdns::Over heard_over(const Settings& settings) {
  const auto is_v6 = [](const http::ListenAddress& address) {
    return address.host.find(':') != std::string::npos;
  };
  const auto far = [](const http::ListenAddress& address) { return !is_loopback(address.host); };
  bool v4 = false;
  bool v6 = false;
  for (const auto& address : settings.listen) {
    if (far(address)) (is_v6(address) ? v6 : v4) = true;
  }
  if (v4 == v6) return mdns::Over::both;
  return v4 ? mdns::Over::ipv4 : mdns::Over::ipv6;
}

std::string printed(const http::ListenAddress& address) {
  return fmt::format(
      fmt::runtime(address.host.find(':') == std::string::npos ? "{}:{}" : "[{}]:{}"), address.host,
      address.port);
}

http::ServerOptions server_options(App& app, Log& log) {
  http::ServerOptions options;
  options.loops = app.settings().threads;
  options.tls = app.settings().tls;
  options.strict_transport = app.settings().origin.starts_with("https://");
  options.on_access = [&app, &log](const http::AccessRecord& record) {
    app.metrics().request(surface_of(record.route), record.method, record.status, record.micros);
    if (log.logs_access()) log.access(record);
  };
  options.on_internal_error = [&log](std::string_view request_id, std::string_view what) {
    log.error(fmt::format("request {} failed: {}", request_id, what));
  };
  return options;
}

}  // namespace

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Server>> Server::prepare(App& app, Log& log, const ServeOptions& options) {
  auto state = std::make_unique<State>(app, log);
  const auto demo_socket = app.data_folder() / "demo.sock";
  if (options.demo) {
    TRY(state->demo, make_demo(app, demo_socket));
  }
  TRY(auto gate, gate_settings(app, options, "unix:" + demo_socket.string()));
  struct stat folder{};
  if (stat(app.data_folder().c_str(), &folder) != 0)
    return Error(Code::file_error, "the data folder is gone");
  auto* raw = state.get();
  state->mcp.emplace(door_calls(app), app.router().doc_pages(),
                     doors::McpSettings{.origin = app.settings().origin,
                                        .title = app.config().text("spaces.service_name")});
  state->a2a.emplace(doors::A2aParts{.origin = app.settings().origin,
                                     .calls = door_calls(app),
                                     .new_id = [&app] { return base::uuid4(app.random()); },
                                     .now_ms = [&app] { return app.clock().now_ms(); }});
  state->channel.emplace(ChannelHost::Parts{.board = app.board(),
                                            .agents = app.agents(),
                                            .key_holder = app.key_holder(),
                                            .clock = app.clock(),
                                            .random = app.random()});
  state->shared.emplace(SharedSurface{app, state->workers, std::move(gate), folder.st_uid,
                                      [raw] { return raw->front->draining(); }, *state->mcp,
                                      *state->a2a, *state->channel});
  state->front = std::make_unique<http::Server>(server_options(app, log), app.clock(), app.random(),
                                                [raw](boost::asio::io_context& loop, int) {
                                                  auto surface =
                                                      std::make_unique<Surface>(*raw->shared, loop);
                                                  raw->surfaces.push_back(surface.get());
                                                  return surface;
                                                });
  auto& exposure = app.exposure();
  for (const auto& address : app.settings().listen) {
    TRY_VOID(state->front->listen(address));
    exposure.listening.push_back(printed(address));
  }
  if (const auto& admin = app.settings().admin_listen) {
    TRY_VOID(state->front->listen(*admin));
    exposure.listening.push_back(printed(*admin));
  }
  TRY_VOID(state->front->listen({.host = {}, .port = 0, .unix_path = app.socket_path().string()}));
  for (const auto& upstream : state->shared->gate->upstreams)
    exposure.upstreams.push_back(upstream.url);
  exposure.draining = [raw] { return raw->front->draining(); };
  app.metrics().add_gauge("kronborg_connections", "Open connections.",
                          [raw] { return static_cast<double>(raw->front->connections()); });
  app.metrics().add_gauge("kronborg_channel_sessions", "Live sessions of the Secure Channel.",
                          [raw] { return static_cast<double>(raw->channel->live_sessions()); });
  app.metrics().add_gauge("kronborg_streams_open", "Open streams of spaces.",
                          [&app] { return static_cast<double>(app.router().open_streams()); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() {
  stop();
  state_->app.exposure() = {};
}

void Server::start() {
  auto& state = *state_;
  state.app.set_warn([&log = state.log](std::string_view message) { log.warn(message); });
  state.app.maintenance().start(
      [&log = state.log](std::string_view message) { log.warn(message); });
  if (state.demo) state.demo->start();
  state.front->start();
  if (const auto& settings = state.app.settings(); !settings.loopback_only) {
    state.app.advertise().start(
        state.app.pairing(), state.front->port(), heard_over(settings),
        [&log = state.log](std::string_view message) { log.warn(message); });
  }
  state.app.exposure().serving = true;
  state.running = true;
}

void Server::run_until_signal() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&wanted, signal);
  for (;;) {
    int signal = 0;
    if (sigwait(&wanted, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    if (auto reloaded = state_->front->reload_tls(); !reloaded) {
      state_->log.error(fmt::format("the old certificate stays: {}", reloaded.error().text()));
    } else {
      state_->log.info("certificate and key were read anew");
    }
  }
  state_->log.info("stopping");
  stop();
}

void Server::stop() {
  auto& state = *state_;
  if (!state.running) return;
  state.running = false;
  state.app.advertise().stop();
  state.front->stop();
  if (state.demo) state.demo->stop();
  for (auto* surface : state.surfaces) {
    const auto usage = surface->collect_usage();
    if (usage.empty()) continue;
    if (auto recorded = state.app.access_keys().record_usage(usage); !recorded) {
      state.log.warn(fmt::format("last use could not be recorded: {}", recorded.error().text()));
    }
  }
  state.app.exposure().serving = false;
}

std::string Server::local_url() const {
  const auto& address = state_->app.settings().listen.front();
  const auto* scheme = state_->app.settings().tls ? "https" : "http";
  const bool any = address.host == "0.0.0.0" || address.host == "::";
  const auto host = any                                           ? std::string("127.0.0.1")
                    : address.host.find(':') == std::string::npos ? address.host
                                                                  : "[" + address.host + "]";
  return fmt::format("{}://{}:{}", scheme, host, state_->front->port());
}

}  // namespace kronborg::app
