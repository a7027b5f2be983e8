#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/app.h"
#include "base/json.h"
#include "base/result.h"
#include "cli/reply.h"

namespace kronborg::cli {

/// The way to the management API: the socket of the running server, or the same router in-process.
class Client {
 public:
  virtual ~Client() = default;
  /// Error: server_unreachable and what opening the parts says; a refusal is a Reply.
  virtual base::Result<Reply> call(std::string_view method, std::string_view path,
                                   const std::optional<base::json::value>& body) = 0;
  /// GET of a stream; `line` is called for every line until it returns false. Error: not_found
  /// without a running server.
  virtual base::Result<void> follow(std::string_view path,
                                    const std::function<bool(std::string_view)>& line) = 0;
  [[nodiscard]] virtual bool in_process() const = 0;
  /// In-process: why the recovery bundle is behind the store; else and otherwise empty. A server
  /// says it in its status.
  virtual std::string bundle_warning() = 0;
};

/// nothing when no server listens on the socket.
std::unique_ptr<Client> connect_to_server(const std::filesystem::path& socket);
std::unique_ptr<Client> client_in_process(std::unique_ptr<app::App> app);

}  // namespace kronborg::cli
