#include "http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "http/connection.h"
#include "http/event_loop.h"
#include "http/listener.h"
#include "http/source_limit.h"
#include "http/tls.h"

namespace kronborg::http {

namespace {

/// After this, connections that were cut and do not end are left to the end of the loops.
constexpr std::chrono::seconds cut_time{5};

ServerOptions with_defaults(ServerOptions options) {
  if (options.loops <= 0)
    options.loops = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (!options.steady_now) options.steady_now = [] { return std::chrono::steady_clock::now(); };
  return options;
}

std::optional<asio::ip::tcp::endpoint> remote_of(const Socket& socket) {
  boost::system::error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return std::nullopt;
  asio::ip::tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), remote.data(), std::min(remote.size(), endpoint.capacity()));
  return endpoint;
}

}  // namespace

struct Server::State {
  State(ServerOptions wanted, base::Clock& clock, base::Random& random, MakeService make)
      : options(with_defaults(std::move(wanted))),
        make_service(std::move(make)),
        limit(options.max_connections, options.max_connections_per_source) {
    for (int i = 0; i < options.loops; ++i) {
      loops.push_back(std::make_unique<EventLoop>(options, clock, random));
    }
  }

  EventLoop& choose();
  void take(Socket socket, EventLoop& loop, const Listener& from);
  void begin(EventLoop& loop, Socket socket, Peer peer, SourceLimit::Place place);
  std::shared_ptr<asio::ssl::context> tls_for(const Peer& peer);
  void close_listeners();

  const ServerOptions options;
  const MakeService make_service;
  SourceLimit limit;
  std::vector<std::unique_ptr<EventLoop>> loops;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<std::thread> threads;
  std::atomic<bool> draining = false;
  bool stopped = false;
  std::size_t next_loop = 0;  // on the first loop only

  std::mutex tls_mutex;
  std::shared_ptr<asio::ssl::context> tls;  // guarded by tls_mutex
};

std::shared_ptr<asio::ssl::context> Server::State::tls_for(const Peer& peer) {
  if (peer.unix_socket || !options.tls) return nullptr;
  const std::lock_guard lock(tls_mutex);
  return tls;
}

EventLoop& Server::State::choose() {
  auto& loop = *loops[next_loop];
  next_loop = (next_loop + 1) % loops.size();
  return loop;
}

void Server::State::take(Socket socket, EventLoop& loop, const Listener& from) {
  Peer peer;
  std::optional<asio::ip::address> source;
  const int descriptor = socket.native_handle();
  if (from.unix_socket()) {
    peer.unix_socket = true;
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;
    peer.uid = credentials.uid;
  } else {
    const auto remote = remote_of(socket);
    if (!remote) return;
    source = remote->address();
    peer.address = source->to_string();
    peer.port = remote->port();
    peer.local_port = from.port();
    peer.local_loopback = from.loopback();
    peer.tls = options.tls.has_value();
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  auto place = limit.admit(source);
  if (!place) return;  // closed before the head
  asio::post(loop.context(), [this, &loop, socket = std::move(socket), peer = std::move(peer),
                              place = std::move(*place)]() mutable {
    begin(loop, std::move(socket), std::move(peer), std::move(place));
  });
}

void Server::State::begin(EventLoop& loop, Socket socket, Peer peer, SourceLimit::Place place) {
  auto tls_context = tls_for(peer);
  auto connection = std::make_shared<Connection>(loop, Stream(std::move(socket)), std::move(peer));
  auto serving = connection->run(std::move(tls_context));
  asio::co_spawn(
      loop.context(), std::move(serving),
      [connection = std::move(connection), place = std::move(place)](std::exception_ptr) {});
}

void Server::State::close_listeners() {
  for (const auto& listener : listeners) listener->close();
}

Server::Server(ServerOptions options, base::Clock& clock, base::Random& random,
               MakeService make_service)
    : state_(std::make_unique<State>(std::move(options), clock, random, std::move(make_service))) {}

Server::~Server() { stop(); }

base::Result<void> Server::listen(const ListenAddress& address) {
  if (state_->options.tls && address.unix_path.empty() && !state_->tls) TRY_VOID(reload_tls());
  TRY(auto listener, Listener::open(state_->loops.front()->context(), address));
  state_->listeners.push_back(std::move(listener));
  return {};
}

std::uint16_t Server::port(std::size_t listener) const {
  for (const auto& candidate : state_->listeners) {
    if (candidate->port() == 0) continue;
    if (listener == 0) return candidate->port();
    --listener;
  }
  return 0;
}

void Server::start() {
  auto& state = *state_;
  int index = 0;
  for (const auto& loop : state.loops) {
    loop->set_service(state.make_service(loop->context(), index++));
  }
  for (const auto& listener : state.listeners) {
    asio::co_spawn(
        state.loops.front()->context(),
        listener->accept_all([&state]() -> EventLoop& { return state.choose(); },
                             [&state](Socket socket, EventLoop& loop, const Listener& from) {
                               state.take(std::move(socket), loop, from);
                             }),
        asio::detached);
  }
  for (const auto& loop : state.loops) {
    state.threads.emplace_back([&loop = *loop] {
      pthread_setname_np(pthread_self(), "kronborg-loop");
      loop.run();
    });
  }
}

void Server::stop() {
  auto& state = *state_;
  if (state.stopped) return;
  state.stopped = true;
  state.draining = true;
  if (!state.threads.empty()) {
    std::promise<void> closed;
    asio::post(state.loops.front()->context(), [&state, &closed] {
      state.close_listeners();
      closed.set_value();
    });
    closed.get_future().wait();
    for (const auto& loop : state.loops) loop->drain();
    if (!state.limit.wait_until_none(graceful_stop_time)) {
      for (const auto& loop : state.loops) loop->cut_all();
      (void)state.limit.wait_until_none(cut_time);
    }
    for (const auto& loop : state.loops) loop->stop();
    for (auto& thread : state.threads) thread.join();
  } else {
    state.close_listeners();
  }
}

bool Server::draining() const { return state_->draining; }

base::Result<void> Server::reload_tls() {
  if (!state_->options.tls) return {};
  TRY(auto fresh, make_tls_context(*state_->options.tls));
  const std::lock_guard lock(state_->tls_mutex);
  state_->tls = std::move(fresh);
  return {};
}

std::size_t Server::connections() const { return state_->limit.open(); }

}  // namespace kronborg::http
