#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kronborg::mdns {

/// Over which of the two a service is announced.
enum class Over : std::uint8_t { both, ipv4, ipv6 };

/// One service instance of this host (RFC 6763).
struct Service {
  std::string type;      ///< "_osaurus._tcp"
  std::string instance;  ///< at most 63 bytes
  std::uint16_t port = 0;
  Over over = Over::both;
  std::vector<std::pair<std::string, std::string>> txt;  ///< each at most 255 bytes with its '='

  bool operator==(const Service&) const = default;
};

/// Announces services through the Avahi daemon of this host (over the system bus). Waits for the
/// daemon when there is none, and comes back after it restarts; what is not wanted any more is
/// withdrawn with goodbye packets, at the latest by the destructor. Thread-safe.
class Advertiser {
 public:
  /// `trouble` is told what keeps services from being announced, each trouble once; it runs on
  /// another thread, and neither blocks nor calls back.
  explicit Advertiser(std::function<void(std::string_view)> trouble);
  ~Advertiser();
  Advertiser(const Advertiser&) = delete;
  Advertiser& operator=(const Advertiser&) = delete;

  /// From now on these and no others. Those that stay as they are are not touched.
  void announce(std::vector<Service> wanted);
  /// Instances that the daemon has established.
  [[nodiscard]] std::size_t established() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kronborg::mdns
