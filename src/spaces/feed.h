#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "spaces/notice.h"

namespace kronborg::spaces {

/// Who hears what happens in spaces: one per event loop. heard() is called on the store's writer
/// thread, in the order of the commits: it takes note and returns at once.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void heard(std::int64_t space, const SharedNotice& notice) = 0;
};

/// Carries notices from commits to listeners. A space nobody listens to costs one look-up.
/// Thread-safe.
class Feed {
 public:
  /// The listener hears every notice of the space that is committed from now on. Subscribing the
  /// same listener twice to a space counts: it leaves after as many unsubscriptions.
  void subscribe(std::int64_t space, Listener& listener);
  void unsubscribe(std::int64_t space, Listener& listener);

  /// On the writer's thread, after the commit.
  void publish(std::int64_t space, const SharedNotice& notice);

 private:
  struct Subscription {
    Listener* listener;
    std::size_t times;
  };
  mutable std::mutex mutex_;
  boost::unordered_flat_map<std::int64_t, std::vector<Subscription>> spaces_;  // guarded by mutex_
};

}  // namespace kronborg::spaces
