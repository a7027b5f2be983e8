#include "api/stream_places.h"

#include <cstring>

namespace kronborg::api {
namespace {

template <class Map, class Key>
void leave(Map& map, const Key& key) {
  const auto found = map.find(key);
  if (found != map.end() && --found->second <= 0) map.erase(found);
}

template <class Map, class Key>
bool is_full(const Map& map, const Key& key, std::int64_t most) {
  const auto found = map.find(key);
  return found != map.end() && found->second >= most;
}

base::Error full(std::int64_t limit, std::string_view what) {
  return base::Error(base::Code::too_many_streams,
                     "Too many open streams " + std::string(what) + ".")
      .with({.name = "limit", .value = limit});
}

}  // namespace

std::size_t StreamPlaces::IdHash::operator()(const spaces::Uuid& id) const {
  std::size_t value = 0;
  std::memcpy(&value, id.data(), sizeof value);
  return value;
}

StreamPlaces::Place::~Place() {
  const std::scoped_lock lock(places_.mutex_);
  leave(places_.by_key_, key_);
  leave(places_.by_space_, space_);
  if (!source_.empty()) leave(places_.by_source_, source_);
  --places_.open_;
}

base::Result<std::unique_ptr<StreamPlaces::Place>> StreamPlaces::take(const spaces::Caller& caller,
                                                                      std::string_view source) {
  const std::scoped_lock lock(mutex_);
  if (is_full(by_key_, caller.key_id, limits_.per_key)) return full(limits_.per_key, "of this key");
  if (is_full(by_source_, std::string(source), limits_.per_source))
    return full(limits_.per_source, "of this source address");
  if (is_full(by_space_, caller.space, limits_.per_space))
    return full(limits_.per_space, "in this space");
  if (open_ >= limits_.in_all) return full(limits_.in_all, "on this server");
  ++by_key_[caller.key_id];
  ++by_space_[caller.space];
  // A Unix socket has no source address: it belongs to the owner, who is not limited.
  if (!source.empty()) ++by_source_[std::string(source)];
  ++open_;
  return std::make_unique<Place>(*this, caller, std::string(source));
}

std::int64_t StreamPlaces::open() const {
  const std::scoped_lock lock(mutex_);
  return open_;
}

}  // namespace kronborg::api
