#include "model/history.h"

#include <algorithm>
#include <array>
#include <utility>

#include "identity/derivation.h"

namespace kronborg::model {

using authority::code_of;
using authority::owner;

namespace {

constexpr std::size_t most_live = 60;
constexpr std::int64_t day_ms = 86'400'000;

}  // namespace

History::History(std::filesystem::path folder, std::string url, std::uint32_t seed)
    : folder_(std::move(folder)), url_(std::move(url)), random_(seed) {
  open();
  if (!authority::Identity(place_->parts()).facts().value()) {
    authority::CreateIdentity request;
    request.kind = keyholder::KeystoreKind::file;
    EXPECT_EQ(code_of(authority::Identity(place_->parts()).create(owner(), std::move(request))),
              "ok");
  }
  master_ = place_->board().current()->master.value();
  model_.master = master_.lower();
  model_.now_ms = clock_.now_ms();
  for (std::uint8_t seed_byte = 1; seed_byte <= 3; ++seed_byte) {
    Stranger stranger;
    std::ranges::fill(stranger.key.fill(), seed_byte);
    stranger.address = identity::address_of(stranger.key);
    strangers_.push_back(std::move(stranger));
  }
}

void History::open() {
  place_ = std::make_unique<authority::Place>(folder_, clock_, url_);
  keys_ = std::make_unique<authority::AccessKeys>(place_->parts());
  verifier_ = std::make_unique<authority::Verifier>(place_->board(), clock_, 32);
  // Nothing to unlock before the identity exists.
  if (std::filesystem::exists(folder_ / "keystore.json")) {
    EXPECT_EQ(code_of(place_->key_holder().unlock({})), "ok");
  }
  EXPECT_EQ(code_of(authority::load_policy(place_->parts())), "ok");
}

void History::run(int steps) {
  for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    step();
    check();
  }
}

void History::step() {
  using Step = void (History::*)();
  static constexpr std::array<std::pair<int, Step>, 12> weighted = {{
      {14, &History::mint},
      {12, &History::mint_elsewhere},
      {10, &History::sign_for_another},
      {12, &History::revoke_one},
      {5, &History::revoke_many},
      {16, &History::change_whitelist},
      {6, &History::create_agent},
      {5, &History::end_agent},
      {4, &History::import_agent},
      {12, &History::step_clock},
      {6, &History::record_usage},
      {2, &History::restart},
  }};
  int total = 0;
  for (const auto& [weight, step] : weighted) total += weight;
  int drawn = static_cast<int>(below(static_cast<std::size_t>(total)));
  for (const auto& [weight, step] : weighted) {
    if (drawn < weight) return (this->*step)();
    drawn -= weight;
  }
}

void History::check() {
  for (Live& live : live_) {
    const std::string expected = model_.decide(live.token);
    const std::string got = authority::outcome(verifier_->verify(live.text, "10.0.0.1"));
    ASSERT_EQ(got, expected) << live.token.iss << ' ' << live.token.aud << ' ' << live.token.nonce;
    if (got == "valid") live.used = true;
    ++answers_[got];
  }
}

std::vector<Token> History::tokens() const {
  std::vector<Token> tokens;
  for (const Live& live : live_) tokens.push_back(live.token);
  return tokens;
}

identity::Address History::any_issuer() {
  const std::size_t drawn = below(1 + agents_.size() + strangers_.size());
  if (drawn == 0) return master_;
  if (drawn <= agents_.size()) return agents_[drawn - 1].record.address;
  return strangers_[drawn - 1 - agents_.size()].address;
}

identity::Address History::any_audience() {
  const std::size_t drawn = below(1 + agents_.size() + (retired_.empty() ? 0 : 1));
  if (drawn == 0) return master_;
  if (drawn <= agents_.size()) return agents_[drawn - 1].record.address;
  return retired_[below(retired_.size())].record.address;
}

void History::add(Live live) {
  if (live_.size() == most_live) live_.erase(live_.begin() + below(live_.size()));
  live_.push_back(std::move(live));
}

void History::mint() {
  std::optional<std::string> agent_id;
  identity::Address issuer = master_;
  if (!agents_.empty() && coin()) {
    const Agent& agent = agents_[below(agents_.size())];
    agent_id = agent.record.id;
    issuer = agent.record.address;
  }
  static constexpr std::array choices = {credential::Expiry::days_30, credential::Expiry::year_1,
                                         credential::Expiry::never};
  auto minted = keys_->mint(owner(), {.label = "k",
                                      .agent_id = agent_id,
                                      .expiry = choices[below(choices.size())],
                                      .source = "cli"});
  ASSERT_EQ(code_of(minted), "ok");
  EXPECT_EQ(minted->record.counter, model_.mint(issuer.lower()));
  add({.token = {.iss = issuer.lower(),
                 .aud = issuer.lower(),
                 .nonce = minted->record.nonce,
                 .cnt = minted->record.counter,
                 .exp = minted->record.expires_at,
                 .recorded = true},
       .id = minted->record.id,
       .text = std::string(minted->key.reveal())});
}

namespace {

credential::NewAccessKey made_elsewhere(const identity::Address& issuer,
                                        const identity::Address& audience, std::string nonce,
                                        std::uint64_t counter, std::optional<std::int64_t> exp) {
  return {.issuer = issuer,
          .audience = audience,
          .label = "",
          .nonce = std::move(nonce),
          .counter = counter,
          .issued_at = 1,
          .expires_at = exp};
}

Token token_of(const credential::NewAccessKey& key) {
  return {.iss = key.issuer.lower(),
          .aud = key.audience.lower(),
          .nonce = key.nonce,
          .cnt = key.counter,
          .exp = key.expires_at};
}

}  // namespace

void History::mint_elsewhere() {
  const Stranger& stranger = strangers_[below(strangers_.size())];
  const std::uint64_t counter = coin() ? below(5) : static_cast<std::uint64_t>(clock_.now_ms());
  std::optional<std::int64_t> exp;
  if (coin()) exp = clock_.now() + below(100 * 86'400);
  const auto key = made_elsewhere(stranger.address, any_audience(), new_nonce(), counter, exp);
  const std::string payload = credential::access_key_payload(key);
  const auto signature =
      identity::sign(stranger.key, identity::Prefix::access, base::bytes_of(payload));
  add({.token = token_of(key),
       .id = "",
       .text = std::string(credential::access_key_text(payload, signature).reveal())});
}

/// Keys of the same master made on another host: for any audience, with counters of their own.
void History::sign_for_another() {
  keyholder::KeyRef ref{.kind = identity::KeyKind::master, .agent = {}};
  identity::Address issuer = master_;
  if (!agents_.empty() && coin()) {
    const auto& agent = agents_[below(agents_.size())].record;
    ref = {.kind = identity::KeyKind::agent, .agent = {.scope = agent.scope, .index = agent.index}};
    issuer = agent.address;
  }
  const std::uint64_t counter = static_cast<std::uint64_t>(clock_.now_ms()) + below(1000);
  const auto key = made_elsewhere(issuer, any_audience(), new_nonce(), counter, {});
  const std::string payload = credential::access_key_payload(key);
  const auto signature =
      place_->key_holder().sign(identity::Prefix::access, base::bytes_of(payload), ref);
  ASSERT_EQ(code_of(signature), "ok");
  add({.token = token_of(key),
       .id = "",
       .text = std::string(credential::access_key_text(payload, *signature).reveal())});
}

void History::revoke_one() {
  if (live_.empty()) return;
  const Live& live = live_[below(live_.size())];
  const auto issuer = identity::Address::parse(live.token.iss).value();
  if (live.id.empty()) {
    ASSERT_EQ(code_of(keys_->revoke_nonce(owner(), issuer, live.token.nonce, false)), "ok");
  } else {
    const auto code = code_of(coin() ? keys_->revoke(owner(), live.id, "test", false)
                                     : keys_->forget(owner(), live.id));
    // Not found: it was forgotten before.
    ASSERT_TRUE(code == "ok" || code == "key_not_found") << code;
  }
  model_.revoke(live.token.iss, live.token.nonce);
}

void History::revoke_many() {
  if (coin()) {
    const identity::Address issuer = any_issuer();
    std::optional<std::uint64_t> counter;
    if (coin()) counter = coin() ? below(5) : static_cast<std::uint64_t>(clock_.now_ms() - day_ms);
    ASSERT_EQ(code_of(keys_->revoke_issuer(owner(), issuer, counter, false)), "ok");
    model_.revoke_issuer(issuer.lower(), counter);
    return;
  }
  if (live_.empty()) return;
  const Live& live = live_[below(live_.size())];
  if (live.id.empty()) return;
  const bool inclusive = coin();
  const auto code = code_of(keys_->revoke_before(owner(), live.id, inclusive, false));
  if (code == "key_not_found") return;  // forgotten
  ASSERT_EQ(code, "ok");
  model_.revoke_before(live.token, inclusive);
}

void History::change_whitelist() {
  authority::Whitelist whitelist(place_->parts());
  const identity::Address issuer = any_issuer();
  std::optional<std::string> agent_id;
  Address list;
  if (!agents_.empty() && below(3) != 0) {
    const Agent& agent = agents_[below(agents_.size())];
    agent_id = agent.record.id;
    list = agent.address;
  }
  if (coin()) {
    ASSERT_EQ(code_of(whitelist.add(owner(), issuer, agent_id, "")), "ok");
    model_.list(list, issuer.lower());
  } else {
    const auto removed = code_of(whitelist.remove(owner(), issuer, agent_id));
    ASSERT_EQ(removed, model_.unlist(list, issuer.lower()) ? "ok" : "whitelist_not_found");
  }
}

void History::create_agent() {
  if (agents_.size() >= 5) return;
  auto made =
      authority::Agents(place_->parts())
          .create(owner(),
                  {.name = "agent " + std::to_string(names_++), .description = {}, .upstream = {}});
  ASSERT_EQ(code_of(made), "ok");
  model_.agents.insert(made->address.lower());
  agents_.push_back({.record = *made, .address = made->address.lower()});
}

void History::retire(std::size_t agent) {
  model_.retire(agents_[agent].address, tokens());
  retired_.push_back(agents_[agent]);
}

void History::end_agent() {
  if (agents_.empty()) return;
  authority::Agents agents(place_->parts());
  const std::size_t which = below(agents_.size());
  if (coin()) {
    ASSERT_EQ(code_of(agents.remove(owner(), agents_[which].record.id)), "ok");
    retire(which);
    agents_.erase(agents_.begin() + static_cast<std::ptrdiff_t>(which));
    return;
  }
  const auto rotated = agents.rotate(owner(), agents_[which].record.id);
  ASSERT_EQ(code_of(rotated), "ok");
  retire(which);
  agents_[which] = {.record = rotated->agent, .address = rotated->agent.address.lower()};
  ASSERT_TRUE(model_.agents.insert(agents_[which].address).second) << "an address came back";
}

void History::import_agent() {
  if (retired_.empty() || agents_.size() >= 6) return;
  const std::size_t which = below(retired_.size());
  const auto& before = retired_[which].record;
  const auto imported = authority::Agents(place_->parts())
                            .import(owner(), {.name = "agent " + std::to_string(names_++),
                                              .index = before.index,
                                              .scope = before.scope,
                                              .address = before.address});
  if (model_.agents.contains(before.address.lower())) {
    ASSERT_EQ(code_of(imported), "agent_exists");
    return;
  }
  ASSERT_EQ(code_of(imported), "ok");
  model_.agents.insert(imported->address.lower());
  agents_.push_back({.record = *imported, .address = imported->address.lower()});
  retired_.erase(retired_.begin() + static_cast<std::ptrdiff_t>(which));
}

void History::step_clock() {
  static constexpr std::array<std::int64_t, 8> steps = {
      1, 999, -1, 1000, -day_ms, 40 * day_ms, 3 * day_ms, -30 * day_ms};
  clock_.step(steps[below(steps.size())]);
  model_.now_ms = clock_.now_ms();
}

/// A key made elsewhere that was accepted gets its record, if its audience is still there.
void History::record_usage() {
  ASSERT_EQ(code_of(keys_->record_usage(verifier_->collect_usage())), "ok");
  for (Live& live : live_) {
    const bool has_audience =
        live.token.aud == model_.master || model_.agents.contains(live.token.aud);
    if (std::exchange(live.used, false) && has_audience) live.token.recorded = true;
  }
}

void History::restart() {
  verifier_.reset();
  keys_.reset();
  place_.reset();
  open();
  for (Live& live : live_) live.used = false;
}

}  // namespace kronborg::model
