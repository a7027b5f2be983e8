#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/secret.h"
#include "cli/client.h"
#include "http/parse.h"

namespace kronborg::cli {
namespace {

using base::Code;
using base::Error;
using base::Result;

Error broken(std::string_view what) {
  return {Code::server_unreachable, fmt::format("the connection to the server broke: {}", what),
          "see its log; the operation may or may not have happened"};
}

/// One blocking connection to a Unix socket.
class Socket {
 public:
  explicit Socket(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto text = path.string();
    if (text.size() >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, text.data(), text.size());
    const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made >= 0 &&
        connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(made);
      return;
    }
    descriptor_ = made;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  [[nodiscard]] bool connected() const { return descriptor_ >= 0; }

  [[nodiscard]] bool send_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Appends what arrives; 0 at the end, negative on a failure.
  ssize_t receive(std::string& into) const {
    std::array<char, 16384> buffer{};
    const auto got = recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got > 0) into.append(buffer.data(), static_cast<std::size_t>(got));
    base::wipe(buffer.data(), buffer.size());
    return got;
  }

 private:
  int descriptor_ = -1;
};

struct Head {
  int status = 0;
  std::string content_type;
  http::BodyKind body = http::BodyKind::none;
  bool until_close = false;
  std::uint64_t length = 0;
};

/// Reads up to the end of the head; what follows it stays in `buffer`.
Result<Head> read_head(const Socket& socket, std::string& buffer, std::string_view method) {
  for (;;) {
    http::ResponseHead head;
    std::size_t consumed = 0;
    TRY(const auto state, http::parse_response_head(buffer, method, head, consumed));
    if (state == http::ParseState::complete) {
      Head read{head.status, {}, head.body, head.until_close, head.content_length};
      for (const auto& field : head.fields) {
        if (field.name.size() == 12 && strncasecmp(field.name.data(), "content-type", 12) == 0) {
          read.content_type = field.value;
        }
      }
      buffer.erase(0, consumed);
      return read;
    }
    if (socket.receive(buffer) <= 0) return broken("no answer");
  }
}

class OverSocket final : public Client {
 public:
  explicit OverSocket(std::filesystem::path path) : path_(std::move(path)) {}

  Result<Reply> call(std::string_view method, std::string_view path,
                     const std::optional<base::json::value>& body) override {
    const Socket socket(path_);
    if (!socket.connected()) return Code::server_unreachable;
    auto request = fmt::format(
        "{} {} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n",
        method, path);
    if (body) {
      auto text = base::to_text(*body);
      request += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                             text.size(), text);
      base::wipe(text.data(), text.size());
    } else {
      request += method == "GET" ? "\r\n" : "Content-Length: 0\r\n\r\n";
    }
    const bool sent = socket.send_all(request);
    base::wipe(request.data(), request.size());
    if (!sent) return broken("the request could not be sent");
    std::string buffer;
    TRY(const auto head, read_head(socket, buffer, method));
    Reply reply{head.status, head.content_type, {}, nullptr};
    TRY(reply.body, read_body(socket, buffer, head));
    if (reply.content_type.find("json") != std::string::npos) {
      if (auto value = base::parse_json(reply.body)) reply.value = std::move(*value);
    }
    return reply;
  }

  Result<void> follow(std::string_view path,
                      const std::function<bool(std::string_view)>& line) override {
    const Socket socket(path_);
    if (!socket.connected()) return Code::server_unreachable;
    if (!socket.send_all(fmt::format(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", path))) {
      return broken("the request could not be sent");
    }
    std::string buffer;
    TRY(const auto head, read_head(socket, buffer, "GET"));
    if (head.status != 200) {
      TRY(auto text, read_body(socket, buffer, head));
      Reply reply{head.status, head.content_type, std::move(text), nullptr};
      if (auto value = base::parse_json(reply.body)) reply.value = std::move(*value);
      return error_of(reply);
    }
    http::ChunkedReader chunks;
    std::string text;
    for (;;) {
      TRY(const auto step, chunks.next(buffer));
      text += step.data;
      buffer.erase(0, step.consumed);
      for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        if (!line(std::string_view(text).substr(0, end))) return {};
        text.erase(0, end + 1);
      }
      if (step.finished) return {};
      if (step.consumed == 0 && socket.receive(buffer) <= 0) return broken("the stream ended");
    }
  }

  [[nodiscard]] bool in_process() const override { return false; }
  std::string bundle_warning() override { return {}; }

 private:
  static Result<std::string> read_body(const Socket& socket, std::string& buffer,
                                       const Head& head) {
    if (head.body == http::BodyKind::length) {
      while (buffer.size() < head.length) {
        if (socket.receive(buffer) <= 0) return broken("the answer was cut");
      }
      return std::move(buffer);
    }
    if (head.until_close) {
      while (socket.receive(buffer) > 0) continue;
      return std::move(buffer);
    }
    std::string body;
    if (head.body == http::BodyKind::none) return body;
    http::ChunkedReader chunks;
    for (;;) {
      TRY(const auto step, chunks.next(buffer));
      body += step.data;
      buffer.erase(0, step.consumed);
      if (step.finished) return body;
      if (step.consumed == 0 && socket.receive(buffer) <= 0) return broken("the answer was cut");
    }
  }

  std::filesystem::path path_;
};

}  // namespace

std::unique_ptr<Client> connect_to_server(const std::filesystem::path& socket) {
  if (!Socket(socket).connected()) return nullptr;
  return std::make_unique<OverSocket>(socket);
}

}  // namespace kronborg::cli
