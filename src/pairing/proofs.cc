#include "pairing/proofs.h"

#include <fmt/format.h>

#include "identity/signature_text.h"

namespace kronborg::pairing {

std::string connector_text(std::string_view nonce, std::string_view enc_pub) {
  if (enc_pub.empty()) return std::string(nonce);
  return fmt::format("{}:{}", nonce, enc_pub);
}

std::string server_text(Answered answered, const identity::Address& agent, std::string_view nonce,
                        std::string_view enc_pub) {
  switch (answered) {
    case Answered::pair:
      return fmt::format("osaurus-pairing-server-v1:{}:{}", agent.lower(), nonce);
    case Answered::invite:
      return fmt::format("kronborg-invite-server-v1:{}:{}:{}", agent.lower(), nonce, enc_pub);
    case Answered::redeem:
      return fmt::format("kronborg-redeem-server-v1:{}:{}:{}", agent.lower(), nonce, enc_pub);
  }
  return {};
}

std::string invite_text(std::string_view address_as_written, std::string_view nonce,
                        std::int64_t expires_at) {
  return fmt::format("osaurus-agent-invite-v1:{}:{}:{}", address_as_written, nonce, expires_at);
}

std::string owner_text(const identity::Address& agent, std::string_view nonce) {
  return fmt::format("osaurus-owner:redeem:{}:{}", agent.lower(), nonce);
}

bool is_signed_by(const identity::Address& signer, identity::Prefix prefix, std::string_view text,
                  std::string_view signature) {
  return identity::signer_of(prefix, text, signature) == signer;
}

}  // namespace kronborg::pairing
