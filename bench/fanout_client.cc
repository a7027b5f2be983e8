// usage: bench_fanout_client PORT FILE READERS MESSAGES RATE
// FILE: lines of `SPACE KEY KEYID` of one space, its owner's first. READERS streams, opened by the
// other keys in turn, from as many source addresses as are needed. When each has its snapshot, a
// line `ready` is printed; with MESSAGES 0 they wait until standard input ends. Else the owner
// sends MESSAGES, RATE a second, then revokes the key of the last line; prints JSON.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Key {
  std::string space, text, id;
};

[[noreturn]] void fail(std::string_view what) {
  std::fprintf(stderr, "bench_fanout_client: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

std::int64_t now_ns() { return Clock::now().time_since_epoch().count(); }

constexpr int readers_of_one_source = 200;

int connect_from(int port, int source) {
  sockaddr_in from{}, to{};
  from.sin_family = to.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(source));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0 || bind(made, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
      connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    fail("cannot connect");
  }
  const int on = 1;
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}

void send_all(int socket, std::string_view text) {
  if (send(socket, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    fail("a request could not be sent whole");
  }
}

std::int64_t number_after(std::string_view text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return -1;
  std::int64_t number = -1;
  std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), number);
  return number;
}

/// One stream: its events end with an empty line; the chunks of HTTP lie around them. It ends with
/// the last chunk, or with the connection.
struct Reader {
  int socket = -1;
  const Key* key = nullptr;
  std::string text;
  std::int64_t last = 0;
  bool started = false, told = false;
  std::int64_t ended_ns = 0;
};

class Fanout {
 public:
  Fanout(int port, std::vector<Key> keys) : port_(port), keys_(std::move(keys)) {}

  void open(int count) {
    readers_.resize(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      Reader& reader = readers_[static_cast<std::size_t>(i)];
      reader.key = &keys_[1 + static_cast<std::size_t>(i) % (keys_.size() - 1)];
      reader.socket = connect_from(port_, 1 + i / readers_of_one_source);
      send_all(reader.socket, head("GET", "/messages/stream", reader.key->text) + "\r\n");
      epoll_event event{.events = EPOLLIN, .data = {.ptr = &reader}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, reader.socket, &event);
      serve(0);
    }
    until([this] { return started_ == readers_.size(); }, 60);
  }

  void send(int messages, int rate) {
    sender_ = connect_from(port_, 0);
    expected_ = messages;
    taken_.reserve(readers_.size() * static_cast<std::size_t>(messages));
    const auto begin = Clock::now();
    for (int i = 0; i < messages; ++i) {
      const auto due = begin + std::chrono::nanoseconds(1'000'000'000LL / rate * i);
      while (Clock::now() < due) serve(1);
      post("/messages", R"({"content":"at )" + std::to_string(now_ns()) + "\"}", "POST");
    }
    const auto wanted = readers_.size() * static_cast<std::size_t>(messages);
    until([&] { return taken_.size() == wanted; }, 10);
  }

  /// Milliseconds from the answer to the end of the last stream of that key.
  double revoke_last() {
    const Key& key = keys_.back();
    post("/keys/" + key.id, "", "DELETE");
    until([this] { return answered_ns_ != 0; }, 10);
    const auto answered = answered_ns_;
    std::int64_t last = 0;
    until(
        [&] {
          return std::ranges::all_of(readers_,
                                     [&](auto& r) { return r.key != &key || r.ended_ns != 0; });
        },
        10);
    for (const Reader& reader : readers_) last = std::max(last, reader.ended_ns);
    for (const Reader& reader : readers_) {
      if (reader.ended_ns != 0 && !reader.told) fail("a stream ended without key_revoked");
    }
    return static_cast<double>(last - answered) / 1e6;
  }

  std::vector<double>& taken() { return taken_; }

 private:
  std::string head(std::string_view method, const std::string& path, const std::string& key) {
    return std::string(method) + " /oresundspace/space/" + keys_[0].space + path +
           " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\nX-Private-Key: " + key +
           "\r\n";
  }

  void post(const std::string& path, const std::string& body, std::string_view method) {
    if (sender_reader_.socket < 0) {
      sender_reader_.socket = sender_;
      epoll_event event{.events = EPOLLIN, .data = {.ptr = &sender_reader_}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, sender_, &event);
    }
    // The answer to the message before: one request at a time on this connection.
    until([this] { return answered_ == asked_; }, 10);
    answered_ns_ = 0;
    ++asked_;
    send_all(sender_, head(method, path, keys_[0].text) +
                          "Content-Type: application/json\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  template <typename Over>
  void until(Over over, int seconds) {
    const auto end = Clock::now() + std::chrono::seconds(seconds);
    while (!over()) {
      if (Clock::now() > end) {
        fail("waited in vain; messages received: " + std::to_string(taken_.size()) +
             ", streams begun: " + std::to_string(started_));
      }
      serve(10);
    }
  }

  void serve(int timeout_ms) {
    std::array<epoll_event, 256> events;
    const int count = epoll_wait(epoll_, events.data(), events.size(), timeout_ms);
    for (int i = 0; i < count; ++i) {
      read(*static_cast<Reader*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
  }

  void read(Reader& reader) {
    std::array<char, 65536> buffer;
    const ssize_t size = recv(reader.socket, buffer.data(), buffer.size(), 0);
    const auto now = now_ns();
    if (size <= 0) {
      if (&reader == &sender_reader_) fail("the sender's connection was closed");
      reader.ended_ns = now;
      close(reader.socket);
      return;
    }
    reader.text.append(buffer.data(), static_cast<std::size_t>(size));
    if (&reader == &sender_reader_) return answer(now);
    std::size_t from = 0;
    for (;;) {
      const auto end = reader.text.find("\n\n", from);
      if (end == std::string::npos) break;
      event(reader, std::string_view(reader.text).substr(from, end - from), now);
      from = end + 2;
    }
    reader.text.erase(0, from);
    if (reader.told && reader.text.ends_with("0\r\n\r\n")) reader.ended_ns = now;
    if (reader.text.empty()) reader.text.shrink_to_fit();
  }

  void answer(std::int64_t now) {
    const auto end = sender_reader_.text.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const auto body = number_after(sender_reader_.text, "Content-Length: ");
    if (body < 0 || sender_reader_.text.size() < end + 4 + static_cast<std::size_t>(body)) return;
    if (!sender_reader_.text.starts_with("HTTP/1.1 200")) fail(sender_reader_.text);
    sender_reader_.text.clear();
    ++answered_;
    answered_ns_ = now;
  }

  void event(Reader& reader, std::string_view text, std::int64_t now) {
    if (text.find("event: key_revoked") != std::string_view::npos) reader.told = true;
    if (text.find("event: space") != std::string_view::npos && !reader.started) {
      reader.started = true;
      ++started_;
    }
    if (text.find("event: message") == std::string_view::npos) return;
    const auto seq = number_after(text, "id: ");
    if (seq != reader.last + 1) fail("a message is missing, or out of order");
    reader.last = seq;
    const auto sent = number_after(text, "\"content\":\"at ");
    if (sent < 0) return;
    taken_.push_back(static_cast<double>(now - sent) / 1e6);
  }

  int port_;
  std::vector<Key> keys_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  int sender_ = -1;
  Reader sender_reader_;
  std::vector<Reader> readers_;
  std::size_t started_ = 0;
  int expected_ = 0, asked_ = 0, answered_ = 0;
  std::int64_t answered_ns_ = 0;
  std::vector<double> taken_;
};

std::vector<Key> keys_of(const char* file) {
  std::vector<Key> keys;
  std::ifstream lines(file);
  for (Key key; lines >> key.space >> key.text >> key.id;) keys.push_back(key);
  if (keys.size() < 2) fail("two keys are needed");
  return keys;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    std::fputs("usage: bench_fanout_client PORT FILE READERS MESSAGES RATE\n", stderr);
    return 2;
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  Fanout fanout(std::atoi(arguments[1]), keys_of(arguments[2]));
  fanout.open(std::atoi(arguments[3]));
  std::puts("ready");
  std::fflush(stdout);
  const int messages = std::atoi(arguments[4]);
  if (messages == 0) {
    while (std::getchar() != EOF) {
    }
    return 0;
  }
  fanout.send(messages, std::atoi(arguments[5]));
  const double cut_ms = fanout.revoke_last();
  auto& taken = fanout.taken();
  std::ranges::sort(taken);
  std::printf(
      "{\"received\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"cut_ms\":%.1f}\n",
      taken.size(), taken[taken.size() / 2], taken[taken.size() * 99 / 100], taken.back(), cut_ms);
}
