#include "authority/token_verifier.h"

#include <utility>

#include "credential/request_token.h"
#include "crypto/hash.h"
#include "identity/app_attest.h"

namespace kronborg::authority {

namespace {

using credential::RequestTokenClaims;

}  // namespace

base::Result<TokenDecision> PendingCaller::decide(Replay& replay) && {
  TRY(const auto refused, replay.accept_durably(claim_));
  if (refused) return TokenDecision(Denied{*refused, true});
  return TokenDecision(std::move(caller_));
}

struct TokenVerifier::State {
  State(const PolicyBoard& policies, const base::Clock& time, const TokenRules& given,
        Replay& counters, HotDevices& hot_devices)
      : board(policies), clock(time), rules(given), replay(counters), hot(hot_devices) {}

  /// Rows 9 to 16.
  std::optional<base::Code> judge_claims(const identity::Address& issuer,
                                         const TokenRequest& request, std::int64_t now) const;
  /// The device when it is registered for the issuer (row 17).
  [[nodiscard]] const DeviceFacts* device_of(const identity::Address& issuer) const;
  /// Rows 17 to 21 but for the last assertion counter, which row 22 looks at.
  std::optional<base::Code> judge_device();
  /// Whether the assertion is the device's own signature of `digest`.
  [[nodiscard]] bool is_signed(std::span<const std::uint8_t, 32> digest);
  /// Rows 1 to 21.
  std::optional<base::Code> judge(const TokenRequest& request);

  const PolicyBoard& board;
  const base::Clock& clock;
  const TokenRules& rules;
  Replay& replay;
  HotDevices& hot;
  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const HotDevices::Tables> tables = hot.current();
  std::uint64_t tables_epoch = 0;
  credential::ParsedRequestToken token;
  // What judge() found.
  TokenClaim claim;
  const DeviceFacts* device = nullptr;
};

std::optional<base::Code> TokenVerifier::State::judge_claims(const identity::Address& issuer,
                                                             const TokenRequest& request,
                                                             std::int64_t now) const {
  const RequestTokenClaims& claims = token.claims();
  if (!policy->is_known(issuer)) return base::Code::issuer_not_whitelisted;
  if (policy->is_own(issuer)) {
    const auto agent = policy->agents.find(issuer);
    std::optional<std::uint32_t> index;
    if (issuer != policy->master) index = agent->second->index;
    if (!credential::names_parent(claims, *policy->master, index)) {
      return base::Code::request_token_parent;
    }
  }
  return credential::judge_request(claims, {.now = now,
                                            .process_start = replay.start(),
                                            .hosts = rules.hosts,
                                            .method = request.method,
                                            .path = request.path});
}

const DeviceFacts* TokenVerifier::State::device_of(const identity::Address& issuer) const {
  const auto found = policy->devices.find(token.claims().device);
  if (found == policy->devices.end()) return nullptr;
  const identity::Address& holder = policy->is_own(issuer) ? *policy->master : issuer;
  return found->second->issuer == holder ? found->second.get() : nullptr;
}

bool TokenVerifier::State::is_signed(std::span<const std::uint8_t, 32> digest) {
  if (const std::uint64_t epoch = hot.epoch(); epoch != tables_epoch) {
    tables = hot.current();
    tables_epoch = epoch;
  }
  const auto table = tables->find(device->id);
  if (table != tables->end() && table->second->key() == device->key->key()) {
    return table->second->verifies(digest, token.assertion());
  }
  hot.note(device->id);
  return device->key->verifies(digest, token.assertion());
}

std::optional<base::Code> TokenVerifier::State::judge_device() {
  if (device == nullptr) return base::Code::device_unknown;
  if (device->revoked) return base::Code::device_revoked;
  const base::BytesView assertion = token.assertion();
  if (assertion.empty()) {
    if (rules.allow_unattested && !device->key) return std::nullopt;
    return base::Code::device_assertion_missing;
  }
  if (device->kind != token.claims().kind || !device->key) return base::Code::device_kind_mismatch;
  const auto client_data_hash = crypto::sha256(token.payload());
  if (device->kind != identity::DeviceKind::apple_attest) {
    if (is_signed(client_data_hash)) return std::nullopt;
    return base::Code::device_assertion_invalid;
  }
  claim.assertion_count =
      identity::assertion_counter(assertion, *device->key, device->app_id_hash, client_data_hash);
  if (!claim.assertion_count) return base::Code::device_assertion_invalid;
  return std::nullopt;
}

std::optional<base::Code> TokenVerifier::State::judge(const TokenRequest& request) {
  if (const auto unreadable = token.parse(request.bearer)) return unreadable;
  const auto issuer = token.recover_issuer();
  if (!issuer) return base::Code::signature_invalid;
  const RequestTokenClaims& claims = token.claims();
  if (identity::Address::parse(claims.issuer) != issuer) return base::Code::issuer_mismatch;
  if (!policy || policy->epoch != board.epoch()) policy = board.current();
  const std::int64_t now_ms = clock.now_ms();
  const std::int64_t now = now_ms / 1000;
  if (const auto denied = judge_claims(*issuer, request, now)) return denied;
  device = device_of(*issuer);
  claim = {.issuer = *issuer,
           .device = claims.device,
           .counter = claims.counter,
           .assertion_count = std::nullopt,
           .now_ms = now_ms,
           .ahead = claims.issued_at > now};
  return judge_device();
}

TokenVerifier::TokenVerifier(const PolicyBoard& board, const base::Clock& clock,
                             const TokenRules& rules, Replay& replay, HotDevices& hot)
    : state_(std::make_unique<State>(board, clock, rules, replay, hot)) {}

TokenVerifier::~TokenVerifier() = default;

bool TokenVerifier::always_pending() const { return state_->replay.in_store(); }

std::variant<Caller, Denied, PendingCaller> TokenVerifier::verify(const TokenRequest& request) {
  State& state = *state_;
  if (const auto denied = state.judge(request)) return Denied{*denied, true};
  const bool pending = state.replay.needs_store(state.claim);
  if (!pending) {
    if (const auto denied = state.replay.accept(state.claim)) return Denied{*denied, true};
  }
  Caller caller;
  caller.issuer_ = state.claim.issuer;
  caller.device_ = state.claim.device;
  caller.label_ = state.device->name;
  caller.counter_ = state.claim.counter;
  caller.expires_at_ = state.token.claims().expires_at;
  caller.describe(*state.policy);
  if (pending) return PendingCaller(std::move(caller), state.claim);
  return caller;
}

}  // namespace kronborg::authority
