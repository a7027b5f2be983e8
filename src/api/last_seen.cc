#include "api/last_seen.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace kronborg::api {

std::size_t LastSeen::IdHash::operator()(const spaces::Uuid& id) const {
  std::size_t value = 0;
  std::memcpy(&value, id.data(), sizeof value);
  return value;
}

void LastSeen::note(const spaces::Caller& caller, std::int64_t at_ms,
                    std::string_view source_address, std::string_view request_id) {
  const std::scoped_lock lock(mutex_);
  // What is dropped here is in the store, exact to a minute.
  if (seen_.size() >= max_entries) seen_.clear();
  seen_[caller.holder] = at_ms;
  auto& uses = caller.used_before ? later_uses_ : first_uses_;
  if (uses.size() >= max_entries) return;
  if (written_.size() >= max_entries) written_.clear();
  const auto [written, is_new] = written_.try_emplace(caller.key_id, at_ms);
  if (!is_new && at_ms - written->second < exact_to_ms) return;
  written->second = at_ms;
  uses.push_back({.caller = caller,
                  .at_ms = at_ms,
                  .source_address = std::string(source_address),
                  .request_id = std::string(request_id)});
}

std::optional<std::int64_t> LastSeen::of(const spaces::Uuid& holder) const {
  const std::scoped_lock lock(mutex_);
  const auto found = seen_.find(holder);
  if (found == seen_.end()) return std::nullopt;
  return found->second;
}

std::vector<LastSeen::Use> LastSeen::collect(std::size_t most_firsts, std::size_t most) {
  const std::scoped_lock lock(mutex_);
  std::vector<Use> collected;
  const auto take = [&collected](std::vector<Use>& uses, std::size_t count) {
    const auto begin = uses.end() - static_cast<std::ptrdiff_t>(std::min(count, uses.size()));
    collected.insert(collected.end(), std::make_move_iterator(begin),
                     std::make_move_iterator(uses.end()));
    uses.erase(begin, uses.end());
  };
  take(first_uses_, most_firsts);
  take(later_uses_, most);
  return collected;
}

}  // namespace kronborg::api
