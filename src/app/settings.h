#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/hosts.h"
#include "authority/devices.h"
#include "authority/token_verifier.h"
#include "base/result.h"
#include "http/server.h"
#include "keyholder/keyholder.h"

namespace kronborg::app {

enum class Profile : unsigned char { loopback, lan, open_internet };

/// The configuration checked as a whole and in the types that the parts take.
struct Settings {
  Profile profile = Profile::loopback;
  std::vector<http::ListenAddress> listen;
  std::optional<http::ListenAddress> admin_listen;
  std::string origin;  ///< own origin (http.md 1.1), no trailing '/'
  HostRules hosts;
  std::vector<std::string> allowed_origins;
  std::vector<std::string> trusted_proxies;
  std::optional<http::TlsFiles> tls;
  int threads = 0;
  std::string store_url;
  keyholder::KeystoreKind keystore = keyholder::KeystoreKind::passphrase;
  bool loopback_only = true;  ///< every listener is a loopback address
  authority::DeviceRules devices;
  authority::TokenRules tokens;
};

/// Errors: config_invalid, with the key that is wrong and what to write instead. Refuses what would
/// be unsafe: an address beyond loopback in profile loopback, lan or public without TLS unless
/// `http.allow_plain_lan`, trust_loopback with a listener beyond loopback.
base::Result<Settings> settle(const Config& config);

bool is_loopback(std::string_view ip);

}  // namespace kronborg::app
