#include "app/settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

namespace kronborg::app {
namespace {

using base::Code;
using base::Error;
using base::Result;

Error invalid(std::string_view key, const Config& config, std::string_view problem,
              std::string_view next) {
  return {Code::config_invalid, fmt::format("{}: {} (set by {})", key, problem, config.source(key)),
          std::string(next)};
}

Result<Profile> profile_of(const Config& config) {
  const auto& name = config.text("http.profile");
  if (name == "loopback") return Profile::loopback;
  if (name == "lan") return Profile::lan;
  if (name == "public") return Profile::open_internet;
  return invalid("http.profile", config, "is not loopback, lan or public",
                 "choose one of the three");
}

Result<void> check_exposure(const Config& config, const Settings& settings) {
  if (settings.profile != Profile::open_internet &&
      std::ranges::find(settings.allowed_origins, "*") != settings.allowed_origins.end()) {
    return invalid("http.allowed_origins", config, "may hold * in profile public only",
                   "name the origins");
  }
  if (settings.profile == Profile::loopback && !settings.loopback_only) {
    return invalid("http.listen", config,
                   "has an address beyond loopback while http.profile is loopback",
                   "use 'kronborg serve --expose', or set http.profile to lan or public");
  }
  if (config.flag("gate.trust_loopback") && !settings.loopback_only) {
    return invalid("gate.trust_loopback", config,
                   "cannot be on while the server listens beyond loopback",
                   "turn it off, or listen on 127.0.0.1 only");
  }
  if (settings.tls || settings.profile == Profile::loopback) return {};
  if (settings.profile == Profile::lan && config.flag("http.allow_plain_lan")) return {};
  if (settings.profile == Profile::open_internet && !settings.trusted_proxies.empty()) return {};
  return invalid(
      "http.profile", config, "needs TLS",
      settings.profile == Profile::lan
          ? "set tls.certificate and tls.key, or http.allow_plain_lan = true"
          : "set tls.certificate and tls.key, or http.trusted_proxies when a proxy ends TLS");
}

Result<std::string> origin_of(const Config& config, const Settings& settings) {
  auto origin = config.text("http.public_origin");
  if (origin.empty()) {
    if (settings.profile == Profile::open_internet) {
      return invalid("http.public_origin", config, "is needed in profile public",
                     "set it to https://<your name>");
    }
    const auto& first = settings.listen.front();
    const auto host = settings.profile == Profile::loopback       ? std::string("localhost")
                      : first.host.find(':') != std::string::npos ? fmt::format("[{}]", first.host)
                                                                  : first.host;
    return fmt::format("{}://{}:{}", settings.tls ? "https" : "http", host, first.port);
  }
  const auto scheme_end = origin.find("://");
  const bool known = origin.starts_with("http://") || origin.starts_with("https://");
  if (!known || origin.find_first_of("/?#@ ", scheme_end + 3) != std::string::npos ||
      scheme_end + 3 == origin.size()) {
    return invalid(
        "http.public_origin", config, "is not an origin",
        "write scheme, host and perhaps a port, without a path: https://agents.example.org");
  }
  return origin;
}

/// The host of an origin; its standard port may be named or not.
void allow_origin_host(HostRules& hosts, std::string_view origin) {
  const auto host = origin.substr(origin.find("://") + 3);
  hosts.allow(host);
  const bool has_port = host.rfind(':') != std::string_view::npos && !host.ends_with(']');
  if (!has_port) hosts.allow(fmt::format("{}:{}", host, origin.starts_with("https") ? 443 : 80));
}

HostRules hosts_of(const Config& config, const Settings& settings) {
  HostRules hosts;
  allow_origin_host(hosts, settings.origin);
  for (const auto& name : config.texts("http.allowed_hosts")) hosts.allow(name);
  for (const auto& address : settings.listen) {
    if (settings.profile == Profile::loopback) {
      for (const auto* name : {"localhost", "127.0.0.1", "[::1]"}) {
        hosts.allow(fmt::format("{}:{}", name, address.port));
      }
    } else if (address.host != "0.0.0.0" && address.host != "::") {
      const bool v6 = address.host.find(':') != std::string::npos;
      hosts.allow(fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), address.host, address.port));
    }
  }
  if (settings.admin_listen) {
    hosts.allow(fmt::format("localhost:{}", settings.admin_listen->port));
    hosts.allow(fmt::format("{}:{}", settings.admin_listen->host, settings.admin_listen->port));
  }
  return hosts;
}

}  // namespace

bool is_loopback(std::string_view ip) {
  in_addr v4{};
  const std::string text(ip);
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  return text == "::1";
}

Result<Settings> settle(const Config& config) {
  Settings settings;
  TRY(settings.profile, profile_of(config));
  for (const auto& text : config.texts("http.listen")) {
    TRY(auto address, http::parse_listen_address(text));
    settings.loopback_only = settings.loopback_only && is_loopback(address.host);
    settings.listen.push_back(std::move(address));
  }
  if (settings.listen.empty()) {
    return invalid("http.listen", config, "names no address",
                   "write for example [\"127.0.0.1:1337\"]");
  }
  if (const auto& admin = config.text("http.admin_listen"); !admin.empty()) {
    TRY(settings.admin_listen, http::parse_listen_address(admin));
  }
  settings.allowed_origins = config.texts("http.allowed_origins");
  settings.trusted_proxies = config.texts("http.trusted_proxies");
  const auto& certificate = config.text("tls.certificate");
  const auto& key = config.text("tls.key");
  if (certificate.empty() != key.empty()) {
    return Error(Code::config_invalid, "tls.certificate and tls.key go together",
                 "set both, or neither");
  }
  if (!certificate.empty()) settings.tls = http::TlsFiles{certificate, key};
  TRY_VOID(check_exposure(config, settings));
  TRY(settings.origin, origin_of(config, settings));
  settings.hosts = hosts_of(config, settings);
  settings.threads = static_cast<int>(std::min<std::int64_t>(config.number("http.threads"), 256));
  settings.store_url = config.text("store.url");
  const auto kind = keyholder::kind_named(config.text("keystore.kind"));
  if (!kind) {
    return invalid("keystore.kind", config, "is not a kind of this version",
                   "choose passphrase or file");
  }
  settings.keystore = *kind;
  return settings;
}

}  // namespace kronborg::app
