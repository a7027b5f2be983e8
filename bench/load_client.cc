#include "load_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/text.h"

namespace kronborg::bench {

namespace {

/// Content-Length of an answer's head; 0 when there is none.
std::size_t body_size(std::string_view head) {
  constexpr std::string_view name = "\r\ncontent-length: ";
  const std::string lower = base::lower(head);
  const auto at = lower.find(name);
  if (at == std::string::npos) return 0;
  std::size_t size = 0;
  std::from_chars(lower.data() + at + name.size(), lower.data() + lower.size(), size);
  return size;
}

}  // namespace

void fail(std::string_view what) {
  std::fprintf(stderr, "bench: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

LoadConnection::LoadConnection(int socket, Answered answered)
    : socket_(socket), answered_(std::move(answered)) {}

LoadConnection::~LoadConnection() { close(socket_); }

void LoadConnection::send(std::string_view request) {
  // One small request on an idle connection always fits into the socket's buffer.
  if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    fail("a request could not be sent whole");
  }
}

void LoadConnection::read() {
  std::array<char, 16384> buffer;
  const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
  if (count <= 0) fail("the server closed a connection");
  text_.append(buffer.data(), static_cast<std::size_t>(count));
  const auto end = text_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const auto size = end + 4 + body_size({text_.data(), end});
  if (text_.size() < size) return;
  int status = 0;
  std::from_chars(text_.data() + 9, text_.data() + 12, status);
  const std::string answer = std::exchange(text_, text_.substr(size));
  answered_(*this, status, std::string_view(answer).substr(end + 4, size - end - 4));
}

Load::Load() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) fail("no epoll");
}

Load::~Load() { close(epoll_); }

LoadConnection& Load::add(int socket, LoadConnection::Answered answered) {
  connections_.push_back(std::make_unique<LoadConnection>(socket, std::move(answered)));
  epoll_event event{.events = EPOLLIN, .data = {.ptr = connections_.back().get()}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) fail("epoll_ctl");
  return *connections_.back();
}

LoadConnection& Load::connect_unix(const std::string& path, LoadConnection::Answered answered) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail("the path of the socket is too long");
  path.copy(address.sun_path, path.size());
  const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("cannot connect to " + path);
  }
  return add(made, std::move(answered));
}

LoadConnection& Load::connect_loopback(int port, LoadConnection::Answered answered) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("cannot connect to port " + std::to_string(port));
  }
  const int on = 1;
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return add(made, std::move(answered));
}

void Load::run(const std::function<bool()>& over) {
  constexpr int patience_ms = 30'000;
  std::array<epoll_event, 128> events;
  while (!over()) {
    const int count = epoll_wait(epoll_, events.data(), events.size(), patience_ms);
    if (count == 0) fail("the server did not answer for 30 s");
    for (int i = 0; i < count; ++i) {
      static_cast<LoadConnection*>(events[static_cast<std::size_t>(i)].data.ptr)->read();
    }
  }
}

}  // namespace kronborg::bench
