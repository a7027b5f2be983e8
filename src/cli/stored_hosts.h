#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "identity/address.h"

namespace kronborg::cli {

/// A key that a host gave this machine for one agent of it.
struct StoredHost {
  std::string host;  ///< name and port, as in `Host`
  std::string url;   ///< without a last slash
  identity::Address agent;
  std::string agent_id, agent_name;
  base::SecretText key;
  std::optional<std::int64_t> expires_at;  ///< Unix seconds
  bool channel = true;                     ///< it speaks the Secure Channel
};

/// Keeps a key in `credentials.toml`, in place of the one for the same host and agent. Errors:
/// those of change_credentials().
base::Result<void> keep_host(const std::filesystem::path& folder, const StoredHost& host);

/// The keys for a host. Errors: those of read_credentials().
base::Result<std::vector<StoredHost>> keys_for_host(const std::filesystem::path& folder,
                                                    std::string_view host);

}  // namespace kronborg::cli
