#pragma once

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "http/exchange.h"

namespace kronborg::http {

/// Counts open connections, in all and per source address (IPv4 /32, IPv6 /64;
/// docs/protocol/http.md sections 1.1 and 3). Thread-safe.
class SourceLimit {
 public:
  SourceLimit(std::size_t in_all, std::size_t per_source)
      : in_all_(in_all), per_source_(per_source) {}

  /// One open connection; the place is free again at the end of the object.
  class Place {
   public:
    Place(Place&& other) noexcept
        : limit_(std::exchange(other.limit_, nullptr)), key_(std::move(other.key_)) {}
    Place& operator=(Place&&) = delete;
    ~Place();

   private:
    friend class SourceLimit;
    Place(SourceLimit& limit, std::string key) : limit_(&limit), key_(std::move(key)) {}
    SourceLimit* limit_;
    std::string key_;
  };

  /// nothing: a limit is reached. `address` is absent for Unix sockets, which have only the first.
  std::optional<Place> admit(const std::optional<asio::ip::address>& address);
  [[nodiscard]] std::size_t open() const { return open_; }
  /// Waits until no connection is open. false: some still are after `time`.
  bool wait_until_none(std::chrono::milliseconds time);

 private:
  void leave(const std::string& key);

  const std::size_t in_all_;
  const std::size_t per_source_;
  std::atomic<std::size_t> open_ = 0;
  std::mutex mutex_;
  std::condition_variable none_;
  std::unordered_map<std::string, std::size_t> by_source_;  // guarded by mutex_
};

}  // namespace kronborg::http
