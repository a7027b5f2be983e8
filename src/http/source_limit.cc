#include "http/source_limit.h"

#include <algorithm>
#include <utility>

namespace kronborg::http {

namespace {

/// Empty for no address. IPv4 written as IPv6 counts as IPv4.
std::string source_key(const std::optional<asio::ip::address>& address) {
  if (!address) return {};
  if (address->is_v4()) {
    const auto bytes = address->to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto v6 = address->to_v6();
  const auto bytes = v6.to_bytes();
  if (v6.is_v4_mapped()) return {bytes.end() - 4, bytes.end()};
  constexpr std::ptrdiff_t network_bytes = 8;
  return {bytes.begin(), bytes.begin() + network_bytes};
}

}  // namespace

SourceLimit::Place::~Place() {
  if (limit_ != nullptr) limit_->leave(key_);
}

std::optional<SourceLimit::Place> SourceLimit::admit(
    const std::optional<asio::ip::address>& address) {
  auto key = source_key(address);
  const std::lock_guard lock(mutex_);
  if (open_ >= in_all_) return std::nullopt;
  if (!key.empty()) {
    auto& count = by_source_[key];
    if (count >= per_source_) return std::nullopt;
    ++count;
  }
  ++open_;
  return Place(*this, std::move(key));
}

void SourceLimit::leave(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (--open_ == 0) none_.notify_all();
  if (key.empty()) return;
  const auto entry = by_source_.find(key);
  if (--entry->second == 0) by_source_.erase(entry);
}

bool SourceLimit::wait_until_none(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return none_.wait_for(lock, time, [this] { return open_ == 0; });
}

}  // namespace kronborg::http
