#include "keyholder/tpm_channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace kronborg::keyholder {
namespace {

/// "KRONBRGT": tells this kind of channel from others.
constexpr std::uint64_t channel_magic = 0x4b524f4e42524754;
/// A TPM that makes a key takes seconds at most; only one that is gone takes longer.
constexpr int answer_ms = 60'000;
/// Tag, size and code (TPM 2.0 Library, Part 1, section 18): the size of all stands at byte 2.
constexpr std::size_t header_bytes = 10;
constexpr std::size_t size_at = 2;

base::Error unreachable(const std::filesystem::path& path, int number) {
  std::string hint =
      "Check that the machine has a TPM 2.0 and that it is turned on, or set "
      "keystore.tpm to its device.";
  if (number == EACCES) hint = "Let the user of kronborg use the device: usually group tss.";
  return {base::Code::keystore_unavailable,
          fmt::format("The TPM at {} cannot be reached: {}.", path.string(),
                      std::system_category().message(number)),
          std::move(hint)};
}

base::Result<Descriptor> connect_to(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof address.sun_path) return unreachable(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, text.data(), text.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid() ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return unreachable(path, errno);
  }
  return socket;
}

std::size_t announced_size(const std::uint8_t* response) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8U | response[size_at + i];
  return size;
}

bool readable(int fd) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, answer_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

/// At least one byte more, at most `room`; 0 when there is no more to come.
std::size_t read_some(int fd, std::uint8_t* out, std::size_t room) {
  if (!readable(fd)) return 0;
  ssize_t got = 0;
  do {
    got = ::read(fd, out, room);
  } while (got < 0 && errno == EINTR);
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

}  // namespace

base::Result<Descriptor> open_tpm(const std::filesystem::path& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return unreachable(path, errno);
  if (S_ISSOCK(facts.st_mode)) return connect_to(path);
  if (!S_ISCHR(facts.st_mode)) return unreachable(path, ENODEV);
  Descriptor device(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!device.valid()) return unreachable(path, errno);
  return device;
}

TpmChannel::TpmChannel(int fd) : state_{} {
  state_.common.v1.magic = channel_magic;
  state_.common.v1.version = 2;
  state_.common.v1.transmit = transmit;
  state_.common.v1.receive = receive;
  state_.fd = fd;
}

TSS2_RC TpmChannel::transmit(TSS2_TCTI_CONTEXT* context, std::size_t size,
                             const std::uint8_t* command) {
  const int fd = reinterpret_cast<State*>(context)->fd;
  ssize_t written = 0;
  do {
    written = ::write(fd, command, size);  // whole: a device takes a command at once or not at all
  } while (written < 0 && errno == EINTR);
  return written == static_cast<ssize_t>(size) ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_IO_ERROR;
}

TSS2_RC TpmChannel::receive(TSS2_TCTI_CONTEXT* context, std::size_t* size, std::uint8_t* response,
                            std::int32_t /*timeout_ms*/) {
  // Asked how much room is needed: the most there can be.
  if (response == nullptr) {
    *size = TPM2_MAX_RESPONSE_SIZE;
    return TSS2_RC_SUCCESS;
  }
  const int fd = reinterpret_cast<State*>(context)->fd;
  std::size_t have = 0;
  std::size_t whole = header_bytes;
  while (have < whole) {
    const std::size_t got = read_some(fd, response + have, *size - have);
    if (got == 0) return TSS2_TCTI_RC_IO_ERROR;
    have += got;
    if (have >= header_bytes) whole = announced_size(response);
    if (whole > *size || whole < header_bytes) return TSS2_TCTI_RC_MALFORMED_RESPONSE;
  }
  *size = have;
  return TSS2_RC_SUCCESS;
}

}  // namespace kronborg::keyholder
