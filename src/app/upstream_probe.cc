#include "app/upstream_probe.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>

namespace kronborg::app {
namespace {

constexpr int probe_ms = 500;
constexpr std::array model_ports{11434, 1234, 8080, 8000};

class Socket {
 public:
  explicit Socket(int family)
      : descriptor_(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  bool connect_to(const sockaddr* address, socklen_t size) const {
    if (descriptor_ < 0) return false;
    if (connect(descriptor_, address, size) == 0) return true;
    if (errno != EINPROGRESS || !ready(POLLOUT)) return false;
    int failure = 0;
    socklen_t length = sizeof failure;
    return getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &failure, &length) == 0 && failure == 0;
  }

  bool speaks_http() const {
    constexpr std::string_view question =
        "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (send(descriptor_, question.data(), question.size(), MSG_NOSIGNAL) < 0 || !ready(POLLIN))
      return false;
    std::array<char, 16> start{};
    const auto got = recv(descriptor_, start.data(), start.size(), 0);
    return got >= 7 && std::string_view(start.data(), 7) == "HTTP/1.";
  }

 private:
  bool ready(short events) const {
    pollfd wait{descriptor_, events, 0};
    return poll(&wait, 1, probe_ms) == 1;
  }
  int descriptor_;
};

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses addresses_of(const std::string& host, const std::string& port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &wanted, &found) != 0) return nullptr;
  return Addresses(found);
}

bool unix_socket_answers(std::string_view path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return Socket(AF_UNIX).connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace

bool answers_connections(std::string_view url) {
  if (url.starts_with("unix:")) return unix_socket_answers(url.substr(5));
  const bool tls = url.starts_with("https://");
  auto rest = url.substr(tls ? 8 : 7);
  rest = rest.substr(0, rest.find('/'));
  auto colon = rest.rfind(':');
  if (colon != std::string_view::npos && rest.find(']', colon) != std::string_view::npos)
    colon = std::string_view::npos;
  std::string host(rest.substr(0, colon));
  const std::string port =
      colon == std::string_view::npos ? (tls ? "443" : "80") : std::string(rest.substr(colon + 1));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto addresses = addresses_of(host, port);
  for (const auto* address = addresses.get(); address != nullptr; address = address->ai_next) {
    if (Socket(address->ai_family).connect_to(address->ai_addr, address->ai_addrlen)) return true;
  }
  return false;
}

std::span<const int> usual_model_ports() { return model_ports; }

std::optional<std::string> find_model_server(int own_port) {
  for (const int port : model_ports) {
    if (port == own_port) continue;
    const auto addresses = addresses_of("127.0.0.1", std::to_string(port));
    if (!addresses) continue;
    const Socket socket(AF_INET);
    if (socket.connect_to(addresses->ai_addr, addresses->ai_addrlen) && socket.speaks_http()) {
      return fmt::format("http://127.0.0.1:{}", port);
    }
  }
  return std::nullopt;
}

}  // namespace kronborg::app
