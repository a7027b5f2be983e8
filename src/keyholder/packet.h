#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "keyholder/descriptor.h"

namespace kronborg::keyholder {

inline constexpr std::size_t max_packet_bytes = 64 * 1024;
inline constexpr std::size_t max_packet_descriptors = 8;

/// One message on the socket pair (SOCK_SEQPACKET keeps its borders) with the descriptors that came
/// with it. One buffer of fixed size, wiped at the end: messages carry passphrases and recovery
/// codes.
class Packet {
 public:
  Packet();
  Packet(Packet&&) noexcept = default;
  Packet& operator=(Packet&&) = delete;
  ~Packet();

  /// Bytes beyond the limit are dropped, and whole() is false from then on.
  void append(base::BytesView bytes);
  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] base::BytesView bytes() const { return {data_.get(), size_}; }

  std::vector<Descriptor> descriptors;

 private:
  friend base::Result<std::optional<Packet>> receive_packet(int socket, int timeout_ms);

  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
  bool whole_ = true;
};

/// The descriptors stay the sender's own. Error: keyholder_failed.
base::Result<void> send_packet(int socket, const Packet& packet, std::span<const int> descriptors);

/// Nothing when the other side has closed. A negative timeout waits for ever. Error:
/// keyholder_failed (too late, cut, or more descriptors than there is room for).
base::Result<std::optional<Packet>> receive_packet(int socket, int timeout_ms);

}  // namespace kronborg::keyholder
