#include "pairing/challenges.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/encoding.h"

namespace kronborg::pairing {

void Challenges::drop_ended() {
  const std::int64_t now_ms = clock_.now_ms();
  // A clock that steps back at most doubles a life.
  drawn_.remove_if([now_ms](const Challenge& challenge) {
    return std::abs(now_ms - challenge.drawn_ms) >= life_ms;
  });
}

std::string Challenges::draw(std::string_view source, const std::optional<Commitment>& commitment) {
  std::array<std::uint8_t, 32> bytes{};
  random_.fill(bytes);
  std::string nonce = base::hex(bytes);
  const base::Source of = base::source_of(source);
  const std::lock_guard lock(mutex_);
  drop_ended();
  const auto is_of_source = [&](const Challenge& challenge) { return challenge.source == of; };
  if (static_cast<std::size_t>(std::ranges::count_if(drawn_, is_of_source)) >= most_of_source) {
    drawn_.erase(std::ranges::find_if(drawn_, is_of_source));
  }
  if (drawn_.size() >= most) drawn_.pop_front();
  drawn_.push_back(
      {.nonce = nonce, .source = of, .drawn_ms = clock_.now_ms(), .commitment = commitment});
  return nonce;
}

std::optional<Challenges::Used> Challenges::use(std::string_view nonce) {
  const std::lock_guard lock(mutex_);
  drop_ended();
  const auto found = std::ranges::find(drawn_, nonce, &Challenge::nonce);
  if (found == drawn_.end()) return std::nullopt;
  const Used used{.commitment = found->commitment};
  drawn_.erase(found);
  return used;
}

std::size_t Challenges::outstanding() const {
  const std::lock_guard lock(mutex_);
  return drawn_.size();
}

}  // namespace kronborg::pairing
