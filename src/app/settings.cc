#include "app/settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/file.h"
#include "crypto/certificate.h"
#include "identity/app_attest.h"

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
    // In the links that a host on a LAN hands out, loopback would be the machine of the reader.
    const auto far = std::ranges::find_if(
        settings.listen, [](const auto& address) { return !is_loopback(address.host); });
    const auto& first = far == settings.listen.end() ? settings.listen.front() : *far;
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

bool has_port(std::string_view host) {
  return host.rfind(':') != std::string_view::npos && !host.ends_with(']');
}

/// The host of an origin; its standard port may be named or not.
void allow_origin_host(HostRules& hosts, std::string_view origin) {
  const auto host = origin.substr(origin.find("://") + 3);
  hosts.allow(host);
  if (!has_port(host))
    hosts.allow(fmt::format("{}:{}", host, origin.starts_with("https") ? 443 : 80));
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

Result<authority::DeviceRules> devices_of(const Config& config) {
  authority::DeviceRules rules;
  rules.allow_unattested = config.flag("devices.allow_unattested");
  rules.apple_app_ids = config.texts("devices.apple_app_ids");
  for (const auto& app_id : rules.apple_app_ids) {
    const auto dot = app_id.find('.');
    if (dot == std::string::npos || dot == 0 || dot + 1 == app_id.size()) {
      return invalid("devices.apple_app_ids", config, "names no app",
                     "write the team and the bundle: ABCDE12345.com.example.app");
    }
  }
  for (const auto& name : config.texts("devices.apple_environments")) {
    const auto environment = identity::environment_named(name);
    if (!environment) {
      return invalid("devices.apple_environments", config,
                     "holds something else than production and development", "choose of the two");
    }
    rules.apple_environments.push_back(*environment);
  }
  for (const auto& file : config.texts("devices.tpm_ek_roots")) {
    const auto pem = base::read_file(file);
    if (!pem) return invalid("devices.tpm_ek_roots", config, pem.error().text(), "check the path");
    auto known = crypto::Certificate::all_from_pem(*pem);
    if (!known) {
      return invalid("devices.tpm_ek_roots", config,
                     fmt::format("{}: {}", file, known.error().text()),
                     "give files of certificates in PEM");
    }
    std::ranges::move(*known, std::back_inserter(rules.tpm_ek_roots));
  }
  return rules;
}

/// What `aud` of a request token may be: the names that the server answers to; those that were
/// given without a port also with each port that it listens on.
authority::TokenRules tokens_of(const Settings& settings) {
  authority::TokenRules rules{.hosts = settings.hosts.names(),
                              .allow_unattested = settings.devices.allow_unattested};
  for (const auto& name : settings.hosts.names()) {
    if (has_port(name)) continue;
    for (const auto& address : settings.listen) {
      if (address.port != 0) rules.hosts.push_back(fmt::format("{}:{}", name, address.port));
    }
  }
  return rules;
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
  TRY(settings.devices, devices_of(config));
  settings.tokens = tokens_of(settings);
  settings.threads = static_cast<int>(std::min<std::int64_t>(config.number("http.threads"), 256));
  settings.store_url = config.text("store.url");
  const auto kind = keyholder::kind_named(config.text("keystore.kind"));
  if (!kind) {
    return invalid("keystore.kind", config, "is not a kind of this version",
                   "choose passphrase, tpm2, secret-service or file");
  }
  settings.keystore = *kind;
  return settings;
}

}  // namespace kronborg::app
