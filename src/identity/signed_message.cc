#include "identity/signed_message.h"

#include <array>
#include <charconv>

namespace kronborg::identity {
namespace {

/// Payload sizes in decimal, without an allocation per signature.
class Decimal {
 public:
  explicit Decimal(std::size_t number)
      : end_(std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr) {}
  [[nodiscard]] std::string_view text() const { return {digits_.data(), end_}; }

 private:
  std::array<char, 20> digits_{};
  const char* end_;
};

}  // namespace

std::string_view prefix_text(Prefix prefix) {
  switch (prefix) {
    case Prefix::access:
      return "Osaurus Signed Access";
    case Prefix::message:
      return "Osaurus Signed Message";
    case Prefix::pairing:
      return "Osaurus Signed Pairing";
    case Prefix::pairing_server:
      return "Osaurus Signed Pairing Server";
    case Prefix::invite:
      return "Osaurus Signed Invite";
    case Prefix::kronborg_invite:
      return "Kronborg Signed Invite";
    case Prefix::secure_channel:
      return "Osaurus Secure Channel";
    case Prefix::ethereum:
      return "Ethereum Signed Message";
  }
  return {};
}

std::string envelope_preimage(std::string_view prefix, base::BytesView payload) {
  std::string preimage = "\x19";
  preimage.append(prefix).append(":\n").append(Decimal(payload.size()).text());
  preimage.append(base::text_of(payload));
  return preimage;
}

crypto::Digest envelope_digest(Prefix prefix, base::BytesView payload) {
  const Decimal size(payload.size());
  return crypto::keccak256({base::bytes_of("\x19"), base::bytes_of(prefix_text(prefix)),
                            base::bytes_of(":\n"), base::bytes_of(size.text()), payload});
}

crypto::Signature sign(const crypto::PrivateKey& key, Prefix prefix, base::BytesView payload) {
  return crypto::sign_recoverable(key, envelope_digest(prefix, payload));
}

std::optional<Address> recover_signer(Prefix prefix, base::BytesView payload,
                                      const crypto::Signature& signature) {
  const auto key = crypto::recover(signature, envelope_digest(prefix, payload));
  if (!key) return std::nullopt;
  return Address::of(*key);
}

}  // namespace kronborg::identity
