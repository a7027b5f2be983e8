#include "spaces/directory.h"

#include <algorithm>
#include <cstring>

namespace kronborg::spaces {

Directory::Directory(std::size_t capacity)
    : capacity_per_shard_(std::max<std::size_t>(1, capacity / shard_count)) {}

// The hash of a key is a hash already: nobody can choose it.
std::size_t Directory::Hash::operator()(const credential::SpaceKeyHash& hash) const {
  std::size_t value = 0;
  std::memcpy(&value, hash.data(), sizeof value);
  return value;
}

Directory::Shard& Directory::shard_of(const credential::SpaceKeyHash& hash) {
  return shards_[hash.back() % shard_count];
}

const Directory::Shard& Directory::shard_of(const credential::SpaceKeyHash& hash) const {
  return shards_[hash.back() % shard_count];
}

std::optional<Caller> Directory::known(const credential::SpaceKeyHash& hash,
                                       std::int64_t now_ms) const {
  const Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.entries.find(hash);
  if (found == shard.entries.end() || !found->second.is_good(now_ms)) return std::nullopt;
  return found->second.caller;
}

std::optional<Directory::Used> Directory::use(const credential::SpaceKeyHash& hash,
                                              std::int64_t now_ms, std::int64_t every_ms) {
  Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.entries.find(hash);
  if (found == shard.entries.end() || !found->second.is_good(now_ms)) return std::nullopt;
  Entry& entry = found->second;
  // The clock may have stepped back.
  const bool is_due = now_ms - entry.noted_at_ms >= every_ms || now_ms < entry.noted_at_ms;
  if (is_due) entry.noted_at_ms = now_ms;
  return Used{.caller = entry.caller, .is_due = is_due};
}

base::Result<Found> Directory::find(const Parts& parts, const credential::SpaceKeyHash& hash) {
  Shard& shard = shard_of(hash);
  std::uint64_t forgotten_before = 0;
  {
    const std::scoped_lock lock(shard.mutex);
    forgotten_before = shard.forgotten;
  }
  Found found = UnknownKey{};
  TRY_VOID(parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(found, read_key(transaction, hash, parts.time.now_ms()));
    return {};
  }));
  if (const auto* caller = std::get_if<Caller>(&found)) {
    const std::scoped_lock lock(shard.mutex);
    // What was read may be older than a change that was forgotten meanwhile: then it is good for
    // this request, which began before that change was acknowledged, and for no other.
    if (shard.forgotten == forgotten_before) {
      if (shard.entries.size() >= capacity_per_shard_) shard.entries.clear();
      shard.entries.insert_or_assign(hash, Entry{.caller = *caller});
    }
  }
  return found;
}

void Directory::forget(std::span<const credential::SpaceKeyHash> hashes) {
  for (const auto& hash : hashes) {
    Shard& shard = shard_of(hash);
    const std::scoped_lock lock(shard.mutex);
    ++shard.forgotten;
    shard.entries.erase(hash);
  }
}

std::size_t Directory::size() const {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    sum += shard.entries.size();
  }
  return sum;
}

}  // namespace kronborg::spaces
