#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/app.h"
#include "app/log.h"

namespace kronborg::app {

struct ServeOptions {
  bool demo = false;           ///< the echo upstream beside the configured ones
  bool find_upstream = false;  ///< look for a model server on the usual ports
};

/// The program as a server: listeners, event loops, the demo upstream, signals.
class Server {
 public:
  /// Binds and prepares; nothing is answered before run(). Errors: config_invalid,
  /// listen_address_in_use, file_error.
  static base::Result<std::unique_ptr<Server>> prepare(App& app, Log& log,
                                                       const ServeOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();
  /// Waits for SIGTERM or SIGINT, then stops gracefully. SIGHUP reads the TLS files anew.
  void run_until_signal();
  void stop();

  /// "http://127.0.0.1:1337", what a client on this machine uses.
  [[nodiscard]] std::string local_url() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kronborg::app
