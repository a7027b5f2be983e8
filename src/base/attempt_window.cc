#include "base/attempt_window.h"

#include <algorithm>
#include <limits>

namespace kronborg::base {
namespace {

std::int64_t seconds_up(std::int64_t ms) { return std::max<std::int64_t>(1, (ms + 999) / 1000); }

}  // namespace

/// Drops what is over. Times in the future come from a clock that stepped back: they count from
/// now, so that nobody waits for longer than the rule says.
void AttemptWindow::catch_up(Entry& entry, std::int64_t now_ms) const {
  for (std::int64_t& at : entry.tried_ms) at = std::min(at, now_ms);
  std::erase_if(entry.tried_ms, [&](std::int64_t at) { return now_ms - at >= rule_.window_ms; });
  entry.cool_until_ms = std::min(entry.cool_until_ms, now_ms + entry.cool_ms);
}

/// The entry of a source, made when there is room; nullptr when all places are taken by cooldowns.
AttemptWindow::Entry* AttemptWindow::entry_of(const Source& source, std::int64_t now_ms) {
  if (const auto found = entries_.find(source); found != entries_.end()) {
    catch_up(found->second, now_ms);
    return &found->second;
  }
  if (entries_.size() >= rule_.sources) {
    const auto free = std::ranges::find_if(idle_, [&](const Source& candidate) {
      Entry& entry = entries_.at(candidate);
      catch_up(entry, now_ms);
      return entry.cool_until_ms <= now_ms;
    });
    if (free == idle_.end()) return nullptr;
    entries_.erase(*free);
    idle_.erase(free);
  }
  idle_.push_back(source);
  Entry& made = entries_[source];
  made.place = std::prev(idle_.end());
  return &made;
}

std::int64_t AttemptWindow::first_free_ms(std::int64_t now_ms) {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  for (const auto& [source, entry] : entries_) first = std::min(first, entry.cool_until_ms);
  return first - now_ms;
}

std::optional<std::int64_t> AttemptWindow::admit(const Source& source) {
  const std::int64_t now_ms = clock_.now_ms();
  const std::lock_guard lock(mutex_);
  Entry* const entry = entry_of(source, now_ms);
  if (entry == nullptr) return seconds_up(first_free_ms(now_ms));
  if (entry->cool_until_ms > now_ms) return seconds_up(entry->cool_until_ms - now_ms);
  if (entry->tried_ms.size() >= rule_.attempts) {
    const std::int64_t window_free = entry->tried_ms.front() + rule_.window_ms - now_ms;
    const std::int64_t wait = std::max(window_free, rule_.cooldown_over_ms);
    if (rule_.cooldown_over_ms > 0) {
      entry->cool_ms = wait;
      entry->cool_until_ms = now_ms + wait;
    }
    return seconds_up(wait);
  }
  entry->tried_ms.push_back(now_ms);
  idle_.splice(idle_.end(), idle_, entry->place);
  return std::nullopt;
}

void AttemptWindow::cool_down(const Source& source, std::int64_t ms) {
  const std::int64_t now_ms = clock_.now_ms();
  const std::lock_guard lock(mutex_);
  Entry* const entry = entry_of(source, now_ms);
  // Without a place for it, the source is one of the new ones, which are refused anyway.
  if (entry == nullptr || entry->cool_until_ms >= now_ms + ms) return;
  entry->cool_ms = ms;
  entry->cool_until_ms = now_ms + ms;
}

std::size_t AttemptWindow::sources() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace kronborg::base
