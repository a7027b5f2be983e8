#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kronborg::bench {

/// One kept-alive HTTP connection of a load: one request at a time. Ends the program with a message
/// when the server closes it or answers in a way it cannot read: then there is nothing to measure.
class LoadConnection {
 public:
  /// Called with each answer; may send the next request.
  using Answered = std::function<void(LoadConnection&, int status, std::string_view body)>;

  LoadConnection(int socket, Answered answered);
  ~LoadConnection();
  LoadConnection(const LoadConnection&) = delete;
  LoadConnection& operator=(const LoadConnection&) = delete;

  void send(std::string_view request);
  /// Bytes are there.
  void read();
  [[nodiscard]] int socket() const { return socket_; }

 private:
  int socket_;
  Answered answered_;
  std::string text_;
};

/// Connections served by one thread.
class Load {
 public:
  Load();
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  LoadConnection& connect_unix(const std::string& path, LoadConnection::Answered answered);
  LoadConnection& connect_loopback(int port, LoadConnection::Answered answered);
  /// Serves them until `over`, which is asked after each batch of answers.
  void run(const std::function<bool()>& over);

 private:
  LoadConnection& add(int socket, LoadConnection::Answered answered);
  int epoll_;
  std::vector<std::unique_ptr<LoadConnection>> connections_;
};

[[noreturn]] void fail(std::string_view what);

}  // namespace kronborg::bench
