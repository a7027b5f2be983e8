#include "keyholder/packet.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "base/secret.h"

namespace kronborg::keyholder {
namespace {

constexpr std::size_t control_bytes = CMSG_SPACE(sizeof(int) * max_packet_descriptors);

base::Error broken(std::string_view what) {
  return {base::Code::keyholder_failed, "The key holder's socket: " + std::string(what) + "."};
}

base::Error broken(int number) { return broken(std::system_category().message(number)); }

/// False when nothing came in time.
bool readable(int socket, int timeout_ms) {
  pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

void take_descriptors(msghdr& message, std::vector<Descriptor>& out) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      out.emplace_back(fd);
    }
  }
}

}  // namespace

Packet::Packet() : data_(std::make_unique_for_overwrite<std::uint8_t[]>(max_packet_bytes)) {}

Packet::~Packet() {
  if (data_) base::wipe(data_.get(), size_);
}

void Packet::append(base::BytesView bytes) {
  if (!whole_ || bytes.size() > max_packet_bytes - size_) {
    whole_ = false;
    return;
  }
  std::ranges::copy(bytes, data_.get() + size_);
  size_ += bytes.size();
}

base::Result<void> send_packet(int socket, const Packet& packet, std::span<const int> descriptors) {
  if (!packet.whole() || descriptors.size() > max_packet_descriptors) {
    return broken("the message is too large");
  }
  const base::BytesView bytes = packet.bytes();
  iovec content{.iov_base = const_cast<std::uint8_t*>(bytes.data()), .iov_len = bytes.size()};
  alignas(cmsghdr) std::array<std::uint8_t, control_bytes> control{};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return broken(errno);
  return {};
}

base::Result<std::optional<Packet>> receive_packet(int socket, int timeout_ms) {
  if (timeout_ms >= 0 && !readable(socket, timeout_ms)) return broken("no answer in time");
  Packet packet;
  iovec content{.iov_base = packet.data_.get(), .iov_len = max_packet_bytes};
  alignas(cmsghdr) std::array<std::uint8_t, control_bytes> control{};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno != ECONNRESET) return broken(errno);
  if (got <= 0) return std::optional<Packet>();
  packet.size_ = static_cast<std::size_t>(got);
  take_descriptors(message, packet.descriptors);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return broken("a message was cut");
  return std::optional<Packet>(std::move(packet));
}

}  // namespace kronborg::keyholder
