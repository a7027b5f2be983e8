#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/agents.h"
#include "authority/policy.h"
#include "base/clock.h"
#include "base/random.h"
#include "channel/handshakes.h"
#include "channel/sessions.h"
#include "http/message.h"
#include "keyholder/keyholder.h"

namespace kronborg::app {

/// Bytes of sealed calls that may lie in memory at a time, so that strangers who send large bodies
/// and no good session cannot fill it. Thread-safe.
class SealedRoom {
 public:
  static constexpr std::size_t most_bytes = std::size_t{256} << 20U;

  /// Part of the room; free again at the end of the object.
  class Place {
   public:
    Place(SealedRoom& room, std::size_t bytes) : room_(&room), bytes_(bytes) {}
    Place(Place&& other) noexcept
        : room_(std::exchange(other.room_, nullptr)), bytes_(other.bytes_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (room_ != nullptr) room_->taken_ -= bytes_;
    }

   private:
    SealedRoom* room_;
    std::size_t bytes_;
  };
  /// nothing: it is full. Small ones always find room.
  std::optional<Place> take(std::size_t bytes);

 private:
  std::atomic<std::size_t> taken_{0};
};

/// The host's side of the Secure Channel: one per server (docs/protocol/secure-channel.md).
/// Thread-safe.
class ChannelHost {
 public:
  struct Parts {
    const authority::PolicyBoard& board;
    authority::Agents& agents;
    keyholder::KeyHolder& key_holder;
    const base::Clock& clock;
    base::Random& random;
  };
  explicit ChannelHost(const Parts& parts);

  /// The answer to POST /secure/session. Waits for the key holder.
  http::Answer shake(std::string_view source, std::string_view body);
  /// Rows 2 to 5 of POST /secure/call. Waits for nothing, but a large body takes its time.
  base::Result<channel::OpenedCall> open(std::string_view body);
  /// Ends what is over, and the sessions of agents that are gone. Also done by open() as soon as
  /// the policy has changed.
  void sweep();

  [[nodiscard]] SealedRoom& room() { return room_; }
  [[nodiscard]] std::size_t live_sessions() const { return sessions_.live(); }

 private:
  /// The connect identity (docs/protocol/identity.md section 4), for one device id.
  struct Connect {
    identity::Address address;
    std::string device_id;
  };

  channel::Identities identities();
  bool is_served(const identity::Address& address) const;
  std::optional<Connect> connect_identity(const identity::Address& address) const;
  /// Derives the connect identity of the present master, when that is possible and was not done.
  void learn_connect();
  base::Result<crypto::Signature> sign(const identity::Address& address,
                                       std::string_view transcript);

  // Constant after construction.
  const Parts parts_;
  SealedRoom room_;
  channel::Sessions sessions_;
  std::atomic<std::uint64_t> swept_epoch_{0};
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::optional<identity::Address> connect_of_;  ///< the master that these are of
  std::vector<Connect> connect_;
  // Last: it asks the others.
  channel::Handshakes handshakes_;
};

/// The refusal of a call that was not accepted: in clear, as section 2 says.
http::Answer refused_call(const base::Error& error);

}  // namespace kronborg::app
