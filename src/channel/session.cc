#include "channel/session.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json_members.h"
#include "crypto/hash.h"

namespace kronborg::channel {

bool ReplayWindow::accept(std::uint64_t seq) {
  constexpr std::uint64_t width = 64;
  if (seq == 0) return false;
  if (seq > highest_) {
    const std::uint64_t rise = seq - highest_;
    seen_ = (rise >= width ? 0 : seen_ << rise) | 1U;
    highest_ = seq;
    return true;
  }
  const std::uint64_t behind = highest_ - seq;
  if (behind >= width || (seen_ >> behind & 1U) != 0) return false;
  seen_ |= std::uint64_t{1} << behind;
  return true;
}

crypto::ChaChaNonce nonce_of(std::uint64_t number) {
  crypto::ChaChaNonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[4 + i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  }
  return nonce;
}

std::string call_data(std::string_view sid, std::uint64_t seq) {
  return fmt::format("osaurus-sc1:req:{}:{}", sid, seq);
}

base::Secret<32> response_key(const base::Secret<32>& s2c, std::uint64_t seq) {
  const std::string info = fmt::format("osaurus-sc1:respkey:{}", seq);
  return crypto::hkdf_sha256(s2c.reveal(), {}, base::bytes_of(info));
}

SealedRequest ClientSession::seal(std::string_view inner) {
  SealedRequest sealed{.seq = ++last_, .body = {}};
  const std::string data = call_data(established_.sid, sealed.seq);
  const auto ciphertext = crypto::chacha20_poly1305_seal(
      established_.keys.c2s, nonce_of(sealed.seq), base::bytes_of(data), base::bytes_of(inner));
  sealed.body = base::sorted_json(base::json::object{{"v", 1},
                                                     {"sid", established_.sid},
                                                     {"seq", sealed.seq},
                                                     {"ct", base::base64url(ciphertext)}});
  return sealed;
}

base::Secret<32> ClientSession::key_of_answer(std::uint64_t seq) const {
  return response_key(established_.keys.s2c, seq);
}

}  // namespace kronborg::channel
