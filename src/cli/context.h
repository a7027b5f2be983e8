#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/config.h"
#include "app/settings.h"
#include "base/json.h"
#include "base/result.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/reply.h"

namespace kronborg::cli {

/// What one invocation of the program shares: global options, configuration, the way to the API.
class Context {
 public:
  explicit Context(app::Environment environment) : environment_(std::move(environment)) {}

  // Set by the global options before a command runs.
  bool json = false;
  std::optional<std::string> config_file;
  std::optional<std::string> passphrase_file;
  std::optional<std::string> pin_file;

  [[nodiscard]] const app::Environment& environment() const { return environment_; }
  base::Result<app::Config> load_config() const;
  [[nodiscard]] base::Result<std::filesystem::path> folder() const {
    return app::data_folder(environment_);
  }
  /// Everything wired in this process. Error: store_in_use while a server runs, and those of the
  /// parts.
  base::Result<std::unique_ptr<app::App>> open_app(app::Config config) const;

  /// The running server, else the router in-process.
  base::Result<Client*> client();
  /// Whether a server answers on the socket.
  bool server_runs();

  /// Calls the API. Without a server a locked identity is unlocked first, with the passphrase or
  /// PIN from its option or the terminal. A refusal is an error.
  base::Result<Reply> call(std::string_view method, std::string_view path,
                           const std::optional<base::json::value>& body = std::nullopt);
  /// The body for what opens the keystore anew: `passphrase`, `pin` or nothing, as the keystore
  /// asks for; from `own_file`, the option, or the terminal.
  base::Result<base::json::object> opening_secret(
      const std::optional<std::string>& own_file = std::nullopt);

  /// All pages of a list: `path` without cursor; the items of `member`.
  base::Result<base::json::array> all_of(std::string_view path, std::string_view member);

  /// Prints one JSON value with --json, else calls `human`.
  int show(const base::json::value& value, const std::function<void()>& human) const;
  int fail(const base::Error& error) const;

 private:
  base::Result<Reply> unlock_and_repeat(std::string_view method, std::string_view path,
                                        const std::optional<base::json::value>& body);

  /// A change made without a server is in the recovery bundle too, or the owner is told.
  void keep_bundle(Client& api);

  app::Environment environment_;
  std::unique_ptr<Client> client_;
};

/// One segment of a path, percent-encoded.
std::string segment(std::string_view text);

}  // namespace kronborg::cli
