#pragma once

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <mutex>

#include "authority/policy.h"
#include "crypto/p256_table.h"
#include "identity/device_id.h"

namespace kronborg::authority {

/// Tables for the keys of the devices that sign most: half of the cost of a request token is the
/// verification of its device's signature, and a table saves two thirds of that. What is kept is
/// bounded; it decides nothing. Thread-safe.
class HotDevices {
 public:
  static constexpr std::size_t max_tables = 32;     ///< of 150 KiB
  static constexpr std::uint32_t uses_before = 64;  ///< verifications before a table is made

  using Tables =
      boost::unordered_flat_map<identity::DeviceId, std::shared_ptr<const crypto::P256Table>,
                                identity::DeviceId::Hash>;

  explicit HotDevices(const PolicyBoard& board);

  /// Rises with every change of the tables: fetch anew only then.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  [[nodiscard]] std::shared_ptr<const Tables> current() const;
  /// A signature of this device was verified without a table.
  void note(const identity::DeviceId& device) {
    uses_[place_of(device)].fetch_add(1, std::memory_order_relaxed);
  }

  /// Makes one table at most, which takes about 40 ms, and drops those of devices that are gone or
  /// revoked. For a thread that may take its time, every second.
  void tend();

 private:
  static constexpr std::size_t places = 4096;
  static std::size_t place_of(const identity::DeviceId& device) {
    return identity::DeviceId::Hash{}(device) >> 52;
  }
  void publish(std::shared_ptr<const Tables> tables);

  const PolicyBoard& board_;
  std::array<std::atomic<std::uint32_t>, places> uses_{};  ///< by hash: devices may share a place
  std::atomic<std::uint64_t> epoch_{0};
  mutable std::mutex mutex_;
  std::shared_ptr<const Tables> current_;  // guarded by mutex_
};

}  // namespace kronborg::authority
