#include "pairing/code.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/encoding.h"
#include "base/text.h"

namespace kronborg::pairing {
namespace {

/// Uniform: numbers that would favour small codes are drawn again.
base::SecretText draw_digits(base::Random& random) {
  constexpr std::uint32_t codes = 1'000'000;
  constexpr std::uint64_t usable = (std::uint64_t{1} << 32U) / codes * codes;
  base::Secret<4> bytes;
  std::uint32_t number = 0;
  do {
    random.fill(bytes.fill());
    number = 0;
    for (const std::uint8_t byte : bytes.reveal()) number = number << 8U | byte;
  } while (number >= usable);
  base::Secret<6> digits;
  for (std::size_t i = digits.fill().size(); i-- > 0; number /= 10) {
    digits.fill()[i] = static_cast<std::uint8_t>('0' + number % 10);
  }
  return base::SecretText(base::text_of(digits.reveal()));
}

}  // namespace

/// The code, unless its time is over.
Codes::Code* Codes::live() {
  if (!code_) return nullptr;
  // A clock that steps back at most doubles its life.
  if (std::abs(clock_.now_ms() - code_->issued_ms) >= life_ms) {
    finish();
    return nullptr;
  }
  return &*code_;
}

void Codes::finish() {
  code_.reset();
  if (changed_) changed_();
}

NewCode Codes::issue(std::optional<std::string> agent_id, std::string label) {
  base::SecretText digits = draw_digits(random_);
  base::Secret<32> password = crypto::spake2_password(digits.reveal());
  const std::int64_t now_ms = clock_.now_ms();
  CodeFacts facts{.id = base::uuid4(random_),
                  .agent_id = std::move(agent_id),
                  .label = std::move(label),
                  .expires_at_ms = now_ms + life_ms,
                  .attempts_left = attempts};
  const std::lock_guard lock(mutex_);
  code_.emplace(Code{.facts = facts,
                     .password = std::move(password),
                     .issued_ms = now_ms,
                     .claimed = false,
                     .exchanges = {}});
  if (changed_) changed_();
  return {.facts = std::move(facts), .code = std::move(digits)};
}

std::optional<CodeFacts> Codes::current() {
  const std::lock_guard lock(mutex_);
  const Code* const code = live();
  if (code == nullptr || code->claimed) return std::nullopt;
  return code->facts;
}

bool Codes::end(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const Code* const code = live();
  if (code == nullptr || code->facts.id != base::lower(id)) return false;
  finish();
  return true;
}

void Codes::end_of_agent(std::string_view agent_id) {
  const std::lock_guard lock(mutex_);
  const Code* const code = live();
  if (code != nullptr && code->facts.agent_id == agent_id) finish();
}

base::Result<Codes::Exchanged> Codes::exchange(std::string_view source,
                                               const crypto::Spake2Device& device,
                                               const crypto::Spake2Share& share) {
  base::Secret<32> password;
  std::string code_id;
  {
    const std::lock_guard lock(mutex_);
    Code* const code = live();
    if (code == nullptr || code->claimed || code->facts.attempts_left == 0) {
      return base::Code::invalid_code;
    }
    --code->facts.attempts_left;
    password = code->password.duplicate();
    code_id = code->facts.id;
  }
  const crypto::Spake2 host(crypto::Spake2Role::host, std::move(password), random_);
  auto agreed = host.agree(share, device);
  if (!agreed) return base::Code::invalid_code;
  Exchanged made{.exchange = base::uuid4(random_),
                 .share = host.share(),
                 .confirmation = agreed->host_confirmation};

  const std::lock_guard lock(mutex_);
  Code* const code = live();
  if (code == nullptr || code->facts.id != code_id) return base::Code::invalid_code;
  code->exchanges.push_back({.id = made.exchange,
                             .source = base::source_of(source),
                             .device_id = std::string(device.id),
                             .device_name = std::string(device.name),
                             .agreed = *std::move(agreed),
                             .spent = false});
  return made;
}

base::Result<Claim> Codes::confirm(std::string_view source, std::string_view exchange,
                                   std::string_view confirmation, bool locked) {
  const std::string wanted = base::lower(exchange);
  const auto given = base::base64url_strict(confirmation);
  const std::lock_guard lock(mutex_);
  Code* const code = live();
  if (code == nullptr || code->claimed) return base::Code::invalid_code;
  const auto found = std::ranges::find(code->exchanges, wanted, &Exchange::id);
  if (found == code->exchanges.end() || found->spent || found->source != base::source_of(source)) {
    return base::Code::invalid_code;
  }
  if (locked) return base::Code::identity_locked;
  found->spent = true;
  if (!given || !base::equal_in_constant_time(*given, found->agreed.phone_confirmation)) {
    return base::Code::invalid_code;
  }
  code->claimed = true;
  return Claim{.code_id = code->facts.id,
               .agent_id = code->facts.agent_id,
               .device_id = found->device_id,
               .device_name = found->device_name,
               .session = found->agreed.session.duplicate()};
}

void Codes::put_back(const Claim& claim) {
  const std::lock_guard lock(mutex_);
  Code* const code = live();
  if (code != nullptr && code->facts.id == claim.code_id) code->claimed = false;
}

}  // namespace kronborg::pairing
