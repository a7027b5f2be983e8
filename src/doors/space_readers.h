#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "spaces/feed.h"

namespace kronborg::doors {

/// One notice as it is handed to the readers of a loop; texts are made once, for all of them.
class Heard {
 public:
  explicit Heard(const spaces::Notice& notice) : notice_(notice) {}
  [[nodiscard]] const spaces::Notice& notice() const { return notice_; }
  /// The event as it stands in a stream.
  [[nodiscard]] const std::string& text(bool for_browser);

 private:
  const spaces::Notice& notice_;
  std::string plain_, browser_;
};

/// Somebody on this loop who follows a space.
class SpaceReader {
 public:
  virtual ~SpaceReader() = default;
  /// On the loop's thread. May not add or remove readers.
  virtual void hear(Heard& heard) = 0;
  /// After the last notice of those that came together: the moment to send.
  virtual void heard_all() {}
};

/// The readers of one event loop, by space. The store's writer thread leaves its notices here and
/// wakes the loop once for all that came meanwhile. Everything but heard() is for the loop's
/// thread.
class SpaceReaders final : public spaces::Listener {
 public:
  SpaceReaders(boost::asio::io_context& loop, spaces::Feed& feed) : loop_(loop), feed_(feed) {}
  ~SpaceReaders() override;
  SpaceReaders(const SpaceReaders&) = delete;
  SpaceReaders& operator=(const SpaceReaders&) = delete;

  /// From now on the reader hears every notice of the space.
  void add(std::int64_t space, SpaceReader& reader);
  void remove(std::int64_t space, SpaceReader& reader);

  void heard(std::int64_t space, const spaces::SharedNotice& notice) override;

 private:
  /// By space, in the order of the commits.
  using Waiting = boost::unordered_flat_map<std::int64_t, std::vector<spaces::SharedNotice>>;

  void deliver();

  boost::asio::io_context& loop_;
  spaces::Feed& feed_;
  boost::unordered_flat_map<std::int64_t, std::vector<SpaceReader*>> readers_;
  std::mutex mutex_;
  Waiting waiting_;      // guarded by mutex_
  bool posted_ = false;  // guarded by mutex_
};

}  // namespace kronborg::doors
