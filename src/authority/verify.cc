#include "authority/verify.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <utility>

#include "authority/key_cache.h"
#include "base/random.h"
#include "base/text.h"

namespace kronborg::authority {

namespace {

// Usage of keys that left the cache before it was collected; beyond this it is not counted.
constexpr std::size_t max_evicted = 16'384;

}  // namespace

std::string own_key_id(std::string_view nonce) {
  if (nonce.size() != 32) return {};
  std::string id(nonce);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) id.insert(at, 1, '-');
  // Written lower-case: another casing is another nonce and never an id of ours.
  return base::is_uuid(id) && base::lower(id) == id ? id : std::string();
}

struct Verifier::State {
  State(const PolicyBoard& policies, const base::Clock& time, std::size_t cache_slots)
      : board(policies), clock(time), cache(cache_slots) {}

  const Policy& newest() {
    if (!policy || policy->epoch != board.epoch()) policy = board.current();
    return *policy;
  }

  /// Decides on a key that is in the cache.
  Decision decide(CachedKey& key, std::string_view source);
  /// Does the whole of section 6; a good key is in the cache afterwards.
  Decision decide_new(std::string_view bearer, std::string_view source);
  CachedKey& remember(std::string_view bearer, const Claim& claim);
  /// Brings what is told of the caller up to date with the policy.
  void refresh(CachedKey& key) const;
  void describe(CachedKey& key) const;
  void count(CachedKey& key, std::string_view source, std::int64_t now_ms);

  const PolicyBoard& board;
  const base::Clock& clock;
  std::shared_ptr<const Policy> policy;
  credential::ParsedAccessKey parsed;
  KeyCache cache;
  std::vector<CachedKey*> used;  ///< those in the cache with uses to collect
  std::vector<Usage> evicted;
};

Decision Verifier::State::decide(CachedKey& key, std::string_view source) {
  const std::int64_t now_ms = clock.now_ms();
  if (const auto denied = judge(newest(), key.claim, now_ms / 1000)) return Denied{*denied};
  if (key.epoch != policy->epoch) refresh(key);
  count(key, source, now_ms);
  return &key.caller;
}

Decision Verifier::State::decide_new(std::string_view bearer, std::string_view source) {
  if (const auto unreadable = parsed.parse(bearer)) return Denied{*unreadable};
  const auto issuer = parsed.recover_issuer();
  if (!issuer) return Denied{base::Code::signature_invalid};
  const auto& claims = parsed.claims();
  const std::int64_t now_ms = clock.now_ms();
  if (const auto denied = judge(newest(), claims, *issuer, now_ms / 1000)) return Denied{*denied};
  // Only what is accepted is remembered, so that strangers with keys of their own making cannot
  // fill the cache.
  CachedKey& key = remember(bearer, {.issuer = *issuer,
                                     .audience = identity::Address::parse(claims.audience),
                                     .nonce = claims.nonce,
                                     .counter = claims.counter,
                                     .expires_at = claims.expires_at});
  count(key, source, now_ms);
  return &key.caller;
}

CachedKey& Verifier::State::remember(std::string_view bearer, const Claim& claim) {
  auto key = std::make_unique<CachedKey>();
  key->text = base::SecretText(bearer);
  Caller& caller = key->caller;
  caller.issuer_ = claim.issuer;
  caller.audience_ = *claim.audience;
  caller.nonce_ = claim.nonce;
  caller.label_ = parsed.claims().label;
  caller.counter_ = claim.counter;
  caller.expires_at_ = claim.expires_at;
  key->claim = claim;
  key->claim.nonce = caller.nonce_;
  key->issued_at = parsed.claims().issued_at;
  key->hint = credential::access_key_hint(parsed.signature());
  describe(*key);
  CachedKey& kept = *key;
  const auto gone = cache.insert(std::move(key));
  if (gone && gone->uses > 0) {
    used[gone->used_at] = used.back();
    used[gone->used_at]->used_at = gone->used_at;
    used.pop_back();
    if (evicted.size() < max_evicted) evicted.push_back(gone->usage());
  }
  return kept;
}

void Verifier::State::refresh(CachedKey& key) const {
  key.epoch = policy->epoch;
  const auto agent = policy->agents.find(key.caller.audience_);
  const bool same_agent = agent == policy->agents.end() ? key.caller.agent_ == nullptr
                                                        : agent->second == key.caller.agent_;
  if (!same_agent || key.own != policy->is_own(key.caller.issuer_)) describe(key);
}

void Verifier::State::describe(CachedKey& key) const {
  Caller& caller = key.caller;
  const auto agent = policy->agents.find(caller.audience_);
  caller.agent_ = agent == policy->agents.end() ? nullptr : agent->second;
  caller.scope_ = caller.audience_ == policy->master ? Scope::master : Scope::agent;
  key.epoch = policy->epoch;
  key.own = policy->is_own(caller.issuer_);
  caller.key_id_ = key.own ? own_key_id(caller.nonce_) : std::string();
  caller.write_fields();
}

void Verifier::State::count(CachedKey& key, std::string_view source, std::int64_t now_ms) {
  if (key.uses++ == 0) {
    key.used_at = used.size();
    used.push_back(&key);
  }
  key.last_ms = now_ms;
  key.last_source.assign(source);
}

Verifier::Verifier(const PolicyBoard& board, const base::Clock& clock, std::size_t cache_slots)
    : state_(std::make_unique<State>(board, clock, cache_slots)) {}

Verifier::~Verifier() = default;

Decision Verifier::verify(std::string_view bearer, std::string_view source) {
  if (bearer.size() >= KeyCache::min_text && bearer.size() <= credential::max_access_key_bytes) {
    if (CachedKey* key = state_->cache.find(bearer)) return state_->decide(*key, source);
  }
  return state_->decide_new(bearer, source);
}

Denied Verifier::missing() {
  return {policy().any_key_record ? base::Code::credential_missing
                                  : base::Code::no_keys_configured};
}

std::optional<Denied> Verifier::still_allowed(const StreamTicket& ticket) {
  if (ticket.device) {
    if (const auto denied = judge_token_stream(policy(), ticket)) return Denied{*denied, true};
    return std::nullopt;
  }
  const Claim claim{.issuer = ticket.issuer,
                    .audience = ticket.audience,
                    .nonce = ticket.nonce,
                    .counter = ticket.counter,
                    .expires_at = std::nullopt};
  if (const auto denied = judge(policy(), claim, std::nullopt)) return Denied{*denied};
  return std::nullopt;
}

StreamTicket Verifier::ticket(const Caller& caller) {
  return {caller.issuer_, caller.audience_, caller.nonce_, caller.counter_, caller.device_};
}

const Policy& Verifier::policy() { return state_->newest(); }

std::vector<Usage> Verifier::collect_usage() {
  std::vector<Usage> usage = std::exchange(state_->evicted, {});
  usage.reserve(usage.size() + state_->used.size());
  for (CachedKey* key : state_->used) {
    usage.push_back(key->usage());
    key->uses = 0;
  }
  state_->used.clear();
  return usage;
}

}  // namespace kronborg::authority
