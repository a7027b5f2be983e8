#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "mdns/advertiser.h"
#include "pairing/endpoints.h"

namespace kronborg::app {

/// What a server tells the LAN of itself while it listens beyond loopback (docs/protocol/pairing.md
/// section 8): each shared agent, and that a six-digit code is live. Thread-safe.
class Advertise {
 public:
  Advertise() = default;
  ~Advertise() { stop(); }
  Advertise(const Advertise&) = delete;
  Advertise& operator=(const Advertise&) = delete;

  /// Begins; `warn` is told what keeps it from being heard. Called once.
  void start(pairing::Endpoints& endpoints, std::uint16_t port, mdns::Over over,
             std::function<void(std::string_view)> warn);
  /// Everything is withdrawn when it returns.
  void stop();
  /// Agents, or the code, may be others than before. Does nothing when not started; neither blocks
  /// nor calls back.
  void changed();

  struct Standing {
    std::size_t wanted = 0;       ///< services
    std::size_t established = 0;  ///< those that the daemon announces
  };
  /// Nothing when it was not started.
  [[nodiscard]] std::optional<Standing> standing();

 private:
  void loop();
  void announce();

  // Written by start() only.
  pairing::Endpoints* endpoints_ = nullptr;
  std::uint16_t port_ = 0;
  mdns::Over over_ = mdns::Over::both;
  std::function<void(std::string_view)> warn_;
  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool changed_ = false;
  std::size_t wanted_ = 0;
  std::unique_ptr<mdns::Advertiser> advertiser_;  ///< replaced under the mutex
  std::thread thread_;
};

}  // namespace kronborg::app
