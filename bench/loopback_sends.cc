// usage: bench_loopback_sends READERS MESSAGES RATE BYTES SENDER_CORE READER_CORE
// What the kernel alone takes to bring a message to many readers: one thread sends BYTES to each of
// READERS loopback connections, MESSAGES times, RATE a second, with one system call each and
// nothing else; another one reads them. Prints JSON.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "bench_loopback_sends: %s\n", what);
  std::exit(1);
}

std::int64_t now_ns() { return Clock::now().time_since_epoch().count(); }

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void bind_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) fail("there is no such core");
}

struct Ends {
  std::vector<int> senders, readers;
};

Ends connections(std::size_t count) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto* const place = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, place, size) != 0 || listen(listener, 16) != 0 ||
      getsockname(listener, place, &size) != 0) {
    fail("cannot listen");
  }
  Ends ends;
  for (std::size_t i = 0; i < count; ++i) {
    const int reader = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (reader < 0 || connect(reader, place, size) != 0) fail("cannot connect");
    const int sender = accept(listener, nullptr, nullptr);
    const int on = 1;
    setsockopt(sender, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ends.readers.push_back(reader);
    ends.senders.push_back(sender);
  }
  close(listener);
  return ends;
}

/// Each message begins with the time at which its round began.
void read_all(const std::vector<int>& sockets, std::size_t bytes, std::size_t wanted, int core,
              std::vector<double>& taken) {
  bind_to(core);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (const int socket : sockets) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
  }
  std::array<epoll_event, 256> events;
  std::vector<char> buffer(bytes * 64);
  while (taken.size() < wanted) {
    const int count = epoll_wait(epoll, events.data(), events.size(), 10);
    for (int i = 0; i < count; ++i) {
      const auto got =
          recv(events.at(static_cast<std::size_t>(i)).data.fd, buffer.data(), buffer.size(), 0);
      const auto now = now_ns();
      for (std::size_t at = 0; got > 0 && at + bytes <= static_cast<std::size_t>(got);
           at += bytes) {
        std::int64_t sent = 0;
        std::memcpy(&sent, buffer.data() + at, sizeof sent);
        taken.push_back(static_cast<double>(now - sent) / 1e6);
      }
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) {
    std::fputs("usage: bench_loopback_sends READERS MESSAGES RATE BYTES SENDER_CORE READER_CORE\n",
               stderr);
    return 2;
  }
  std::array<int, 6> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers.at(i) = std::atoi(arguments[i + 1]);
  const auto [readers, messages, rate, bytes, sender_core, reader_core] = numbers;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const Ends ends = connections(static_cast<std::size_t>(readers));
  const auto wanted = ends.readers.size() * static_cast<std::size_t>(messages);
  std::vector<double> taken;
  taken.reserve(wanted);
  std::thread reader(read_all, std::cref(ends.readers), static_cast<std::size_t>(bytes), wanted,
                     reader_core, std::ref(taken));
  bind_to(sender_core);
  std::vector<char> message(static_cast<std::size_t>(bytes));
  const double before = thread_seconds();
  const auto begin = Clock::now();
  for (int i = 0; i < messages; ++i) {
    std::this_thread::sleep_until(begin + std::chrono::nanoseconds(1'000'000'000LL / rate * i));
    const std::int64_t now = now_ns();
    std::memcpy(message.data(), &now, sizeof now);
    for (const int socket : ends.senders) {
      if (send(socket, message.data(), message.size(), MSG_NOSIGNAL) != bytes) fail("send failed");
    }
  }
  const double spent = thread_seconds() - before;
  reader.join();
  std::ranges::sort(taken);
  std::printf("{\"received\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"cpu_us\":%.2f}\n", taken.size(),
              taken[taken.size() / 2], taken[taken.size() * 99 / 100],
              spent / static_cast<double>(wanted) * 1e6);
}
