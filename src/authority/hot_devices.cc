#include "authority/hot_devices.h"

#include <utility>

namespace kronborg::authority {

namespace {

/// App Attest signatures are in DER, which the tables do not read.
bool can_be_hot(const DeviceFacts& device) {
  return device.key && !device.revoked && device.kind != identity::DeviceKind::apple_attest;
}

}  // namespace

HotDevices::HotDevices(const PolicyBoard& board)
    : board_(board), current_(std::make_shared<const Tables>()) {}

std::shared_ptr<const HotDevices::Tables> HotDevices::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void HotDevices::publish(std::shared_ptr<const Tables> tables) {
  {
    const std::lock_guard lock(mutex_);
    current_.swap(tables);
  }
  epoch_.fetch_add(1, std::memory_order_release);
}

void HotDevices::tend() {
  const auto policy = board_.current();
  Tables next = *current();
  const std::size_t gone = erase_if(next, [&](const auto& entry) {
    const auto device = policy->devices.find(entry.first);
    return device == policy->devices.end() || !can_be_hot(*device->second) ||
           device->second->key->key() != entry.second->key();
  });
  const DeviceFacts* hottest = nullptr;
  std::uint32_t most = uses_before - 1;
  for (const auto& [id, device] : policy->devices) {
    const std::uint32_t uses = uses_[place_of(id)].load(std::memory_order_relaxed);
    if (uses <= most || next.contains(id) || !can_be_hot(*device)) continue;
    hottest = device.get();
    most = uses;
  }
  bool made = false;
  if (hottest != nullptr && next.size() < max_tables) {
    if (std::shared_ptr<const crypto::P256Table> table = crypto::P256Table::of(*hottest->key)) {
      next.emplace(hottest->id, std::move(table));
      made = true;
    }
    uses_[place_of(hottest->id)].store(0, std::memory_order_relaxed);
  }
  if (made || gone > 0) publish(std::make_shared<const Tables>(std::move(next)));
}

}  // namespace kronborg::authority
