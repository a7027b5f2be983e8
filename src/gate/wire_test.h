#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// For tests: both ends of the gate as plain blocking sockets, so that every byte is the test's own.
namespace kronborg::gate::test {

/// One end of a connection. Nothing waits longer than 20 s: then the test fails instead of hanging.
class Wire {
 public:
  explicit Wire(int descriptor) : descriptor_(descriptor) {
    const timeval patience{20, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Wire(Wire&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), unread_(std::move(other.unread_)) {}
  Wire& operator=(Wire&&) = delete;
  ~Wire() { close(); }

  static Wire to(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      ::close(descriptor);
      throw std::runtime_error("connect");
    }
    return Wire(descriptor);
  }

  /// false: the other side has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Through `mark`; what there is at the end of the stream.
  std::string read_through(std::string_view mark) {
    std::size_t at = std::string::npos;
    while ((at = unread_.find(mark)) == std::string::npos) {
      if (!more()) return std::exchange(unread_, {});
    }
    return take(at + mark.size());
  }
  std::string read_head() { return read_through("\r\n\r\n"); }
  /// So many bytes; fewer at the end of the stream.
  std::string read(std::size_t size) {
    while (unread_.size() < size && more()) {
    }
    return take(std::min(size, unread_.size()));
  }
  std::string read_to_end() {
    while (more()) {
    }
    return std::exchange(unread_, {});
  }
  /// One chunk's data; empty for the last one, "cut" when the stream ended instead.
  std::string read_chunk() {
    const std::string line = read_through("\r\n");
    if (!line.ends_with("\r\n")) return "cut";
    const std::size_t size = std::stoul(line, nullptr, 16);
    std::string data = read(size);
    return read(2) == "\r\n" ? data : "cut";
  }
  /// The other side ended or reset the connection and sent nothing before.
  bool at_end() { return unread_.empty() && !more(); }
  [[nodiscard]] bool was_reset() const { return reset_; }

  void finish_sending() { ::shutdown(descriptor_, SHUT_WR); }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  /// Wakes a read in another thread.
  void shut_down() { ::shutdown(descriptor_, SHUT_RDWR); }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  bool more() {
    char buffer[65536];
    const auto got = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      throw std::runtime_error("nothing came");
    if (got <= 0) {
      reset_ = got < 0;
      return false;
    }
    unread_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  std::string take(std::size_t size) {
    std::string taken = unread_.substr(0, size);
    unread_.erase(0, size);
    return taken;
  }

  int descriptor_;
  std::string unread_;
  bool reset_ = false;
};

/// An upstream that does on each connection what the script says, in a thread of its own.
class ScriptedUpstream {
 public:
  using Script = std::function<void(Wire& wire, int connection)>;

  explicit ScriptedUpstream(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("listen");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept(); });
  }
  ScriptedUpstream(const ScriptedUpstream&) = delete;
  ScriptedUpstream& operator=(const ScriptedUpstream&) = delete;
  ~ScriptedUpstream() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (Wire& wire : wires_) wire.shut_down();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  [[nodiscard]] std::string url(std::string_view base = "") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(base);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return count_; }

 private:
  void accept() {
    for (;;) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      const std::lock_guard lock(mutex_);
      const int number = count_++;
      wires_.reserve(max_connections);
      Wire& wire = wires_.emplace_back(descriptor);
      threads_.emplace_back([this, &wire, number] {
        try {
          script_(wire, number);
        } catch (const std::exception&) {
          // The other side stopped short; what the client sees of it is judged there.
        }
        ::shutdown(wire.descriptor(), SHUT_RDWR);
      });
    }
  }

  static constexpr std::size_t max_connections = 4096;
  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> count_ = 0;
  std::mutex mutex_;
  std::vector<Wire> wires_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace kronborg::gate::test
