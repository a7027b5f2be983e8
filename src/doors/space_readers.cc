#include "doors/space_readers.h"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace kronborg::doors {

const std::string& Heard::text(bool for_browser) {
  const bool differs = for_browser && !notice_.browser_data.empty();
  std::string& text = differs ? browser_ : plain_;
  if (text.empty()) text = notice_.text(differs);
  return text;
}

SpaceReaders::~SpaceReaders() {
  for (const auto& [space, readers] : readers_) {
    for (std::size_t i = 0; i < readers.size(); ++i) feed_.unsubscribe(space, *this);
  }
}

void SpaceReaders::add(std::int64_t space, SpaceReader& reader) {
  readers_[space].push_back(&reader);
  feed_.subscribe(space, *this);
}

void SpaceReaders::remove(std::int64_t space, SpaceReader& reader) {
  const auto found = readers_.find(space);
  if (found == readers_.end()) return;
  const auto place = std::ranges::find(found->second, &reader);
  if (place == found->second.end()) return;
  found->second.erase(place);
  if (found->second.empty()) readers_.erase(found);
  feed_.unsubscribe(space, *this);
}

void SpaceReaders::heard(std::int64_t space, const spaces::SharedNotice& notice) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_[space].push_back(notice);
    if (posted_) return;
    posted_ = true;
  }
  boost::asio::post(loop_, [this] { deliver(); });
}

void SpaceReaders::deliver() {
  Waiting came;
  {
    const std::scoped_lock lock(mutex_);
    came.swap(waiting_);
    posted_ = false;
  }
  for (const auto& [space, notices] : came) {
    const auto found = readers_.find(space);
    if (found == readers_.end()) continue;
    std::vector<Heard> heard;
    heard.reserve(notices.size());
    for (const auto& notice : notices) heard.emplace_back(*notice);
    // Reader by reader: when much came at once, each gets it with one write.
    for (SpaceReader* reader : found->second) {
      for (Heard& one : heard) reader->hear(one);
      reader->heard_all();
    }
  }
}

}  // namespace kronborg::doors
