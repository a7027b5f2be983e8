#include "spaces/feed.h"

#include <algorithm>

namespace kronborg::spaces {

void Feed::subscribe(std::int64_t space, Listener& listener) {
  const std::scoped_lock lock(mutex_);
  auto& subscriptions = spaces_[space];
  const auto known = std::ranges::find(subscriptions, &listener, &Subscription::listener);
  if (known == subscriptions.end()) {
    subscriptions.push_back({&listener, 1});
  } else {
    ++known->times;
  }
}

void Feed::unsubscribe(std::int64_t space, Listener& listener) {
  const std::scoped_lock lock(mutex_);
  const auto found = spaces_.find(space);
  if (found == spaces_.end()) return;
  auto& subscriptions = found->second;
  const auto known = std::ranges::find(subscriptions, &listener, &Subscription::listener);
  if (known == subscriptions.end() || --known->times > 0) return;
  subscriptions.erase(known);
  if (subscriptions.empty()) spaces_.erase(found);
}

void Feed::publish(std::int64_t space, const SharedNotice& notice) {
  // Under the lock, so that a listener that has unsubscribed is never called again.
  const std::scoped_lock lock(mutex_);
  const auto found = spaces_.find(space);
  if (found == spaces_.end()) return;
  for (const Subscription& subscription : found->second) {
    subscription.listener->heard(space, notice);
  }
}

}  // namespace kronborg::spaces
