#include "keyholder/connection.h"

#include <poll.h>

namespace kronborg::keyholder {

Connection::Connection(HolderProcess process) : process_(std::move(process)) {}

base::Result<void> Connection::greet() {
  TRY_VOID(call(StatusRequest{}, {}, greeting_ms));
  return {};
}

base::Result<Reply> Connection::call(Request request, std::span<const int> descriptors,
                                     int timeout_ms) {
  const Packet question = encode(std::move(request));
  const std::lock_guard lock(mutex_);
  if (!failure_.empty()) return base::Error(base::Code::keyholder_failed, failure_);
  if (!send_packet(process_.socket(), question, descriptors)) return give_up(process_.end_now());
  auto answer = receive_packet(process_.socket(), timeout_ms);
  if (!answer) return give_up(answer.error().message);
  if (!*answer) return give_up(process_.end_now());
  auto reply = decode_reply((*answer)->bytes());
  if (!reply) return give_up("its answer cannot be read");
  if (auto* const error = std::get_if<ErrorReply>(&*reply)) return error_of(std::move(*error));
  return *std::move(reply);
}

base::Error Connection::give_up(std::string why) {
  process_.end_now();
  failed_ = true;
  failure_ = "The key holder does not answer: " + why + ".";
  return {base::Code::keyholder_failed, failure_};
}

bool Connection::alive() const {
  if (failed_) return false;
  pollfd socket{.fd = process_.socket(), .events = 0, .revents = 0};
  return ::poll(&socket, 1, 0) == 0;  // hang-up and errors are always reported
}

}  // namespace kronborg::keyholder
