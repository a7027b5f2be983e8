#include "model_spaces/spaces_history.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

namespace kronborg::model_spaces {

namespace json = boost::json;

namespace {

constexpr std::size_t most_agents = 20;
constexpr std::size_t most_open = 5;

}  // namespace

std::string Answer::text(std::string_view name) const {
  const json::value* value = body.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t Answer::number(std::string_view name) const {
  const json::value* value = body.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : -1;
}

History::History(std::filesystem::path folder, std::string url, std::uint32_t seed)
    : folder_(std::move(folder)), url_(std::move(url)), random_(seed) {
  place_ = std::make_unique<Place>(folder_, url_, clock_);
  model_.now_ms = clock_.now_ms();
  for (std::size_t i = 0; i < most_open; ++i) create();
}

void History::run(int steps) {
  for (step_ = 0; step_ < steps && !testing::Test::HasFailure(); ++step_) {
    SCOPED_TRACE("step " + std::to_string(step_));
    step();
    check();
  }
}

void History::step() {
  using Step = void (History::*)();
  static constexpr std::array<std::pair<std::size_t, Step>, 25> weighted = {{
      {3, &History::create},
      {12, &History::invite},
      {22, &History::join},
      {22, &History::poll},
      {12, &History::approve},
      {3, &History::deny},
      {4, &History::kick},
      {7, &History::mute},
      {4, &History::unmute},
      {2, &History::reissue},
      {3, &History::leave},
      {8, &History::rotate},
      {3, &History::revoke_key},
      {2, &History::revoke_invitation},
      {30, &History::send},
      {6, &History::redact},
      {8, &History::create_artifact},
      {22, &History::write_artifact},
      {3, &History::delete_artifact},
      {20, &History::lock},
      {10, &History::unlock},
      {1, &History::close},
      {10, &History::step_clock},
      {2, &History::restart},
      {1, &History::reissue},
  }};
  clock_.step(static_cast<std::int64_t>(below(4)));
  model_.now_ms = clock_.now_ms();
  if (model_.release_of_the_gone()) ASSERT_TRUE(place_->sweep().run_once());
  std::size_t total = 0;
  for (const auto& [weight, step] : weighted) total += weight;
  std::size_t drawn = below(total);
  for (const auto& [weight, step] : weighted) {
    if (drawn < weight) return (this->*step)();
    drawn -= weight;
  }
}

Answer History::ask(const Sent& sent, const std::string& key) {
  static base::SystemRandom random;
  api::Request request;
  request.method = sent.method;
  const auto mark = sent.path.find('?');
  request.path = sent.path.substr(0, mark);
  if (mark != std::string::npos) request.query = sent.path.substr(mark + 1);
  request.body = sent.body;
  request.source_address = "192.0.2.1";
  request.request_id = base::uuid4(random);
  if (!sent.body.empty()) request.fields.emplace_back("content-type", "application/json");
  if (!sent.if_match.empty()) request.fields.emplace_back("if-match", sent.if_match);
  if (!sent.idempotency.empty()) request.fields.emplace_back("idempotency-key", sent.idempotency);
  const auto secret = [](const std::string& text) {
    return text.empty() ? nullptr : std::make_shared<const base::SecretText>(text);
  };
  request.private_key = secret(key);
  request.join_token = secret(sent.join_token);
  const api::Response response = place_->router().call(request);
  Answer answer{.status = response.status};
  for (const auto& [name, value] : response.fields) {
    if (name == "ETag" || name == "etag") answer.tag = value;
  }
  boost::system::error_code error;
  json::value body = json::parse(response.body, error);
  if (!error && body.is_object()) answer.body = std::move(body.get_object());
  return answer;
}

bool History::expect(const Answer& answer, const std::string& what, const std::string& wanted) {
  const bool ok = answer.status < 400;
  const std::string got = ok ? "" : answer.text("code");
  ++answers_[what + " " + (got.empty() ? "ok" : got)];
  EXPECT_EQ(got, wanted) << what << " " << answer.status << " " << json::serialize(answer.body);
  return ok && got == wanted;
}

std::string History::refused(const Key& key, std::size_t space, std::string_view types,
                             bool speaks) {
  if (const auto end = model_.end_of(key)) return end->code;
  if (key.space != space) return "wrong_space";
  const char letter = key.type == "observer" ? 'v' : key.type.front();
  if (!types.contains(letter)) return "role_forbidden";
  const Space& at = model_.spaces[space];
  if (speaks && at.people.contains(key.holder) && model_.is_muted(at.people.at(key.holder)))
    return "muted";
  return {};
}

void History::add_key(std::string text, std::string id, std::string type, std::size_t space,
                      std::string holder, std::optional<std::int64_t> life_ms) {
  EXPECT_EQ(text.size(), 64U);
  Key key{.text = std::move(text),
          .id = std::move(id),
          .type = std::move(type),
          .space = space,
          .holder = std::move(holder),
          .agent = below(most_agents),
          .due = {},
          .ended = {}};
  if (life_ms) key.due = End{model_.now_ms + *life_ms, "key_expired", "expired"};
  for (const Key& other : model_.keys) EXPECT_NE(other.text, key.text) << "a key was minted twice";
  model_.keys.push_back(std::move(key));
}

std::size_t History::any_key(std::string_view type) {
  std::vector<std::size_t> all, good;
  for (std::size_t i = 0; i < model_.keys.size(); ++i) {
    const Key& key = model_.keys[i];
    if (!type.empty() && key.type != type && !one_in(40)) continue;
    if (type.empty() && key.type == "invitation" && !one_in(40)) continue;
    all.push_back(i);
    if (model_.is_live(key)) good.push_back(i);
  }
  if (good.empty() || one_in(12))
    return all.empty() ? below(model_.keys.size()) : all[below(all.size())];
  return good[below(good.size())];
}

std::string History::unknown_id() {
  static base::SystemRandom random;
  return base::uuid4(random);
}

std::string History::new_token() {
  std::string text;
  for (int i = 0; i < 64; ++i) text += "0123456789abcdef"[below(16)];
  return text;
}

void History::create() {
  const auto open = std::ranges::count_if(
      model_.spaces, [&](const Space& space) { return model_.is_open(space); });
  if (std::cmp_greater_equal(open, most_open)) return;
  json::object body{{"name", "space " + std::to_string(++names_)}, {"requiresApproval", one_in(2)}};
  Space space;
  if (one_in(2)) {
    const auto ttl_s = static_cast<std::int64_t>(3'600 + below(6 * 86'400));
    body["ttl"] = ttl_s;
    space.ttl = End{model_.now_ms + ttl_s * 1000, "space_closed", "ttl"};
  }
  const Answer made =
      ask({.method = "POST", .path = "/oresundspace/space", .body = json::serialize(body)}, "");
  if (!expect(made, "create", "")) return;
  space.id = made.text("spaceId");
  space.owner = made.text("ownerId");
  space.people[space.owner] = {.id = space.owner, .status = "active", .type = "owner"};
  model_.spaces.push_back(std::move(space));
  const std::size_t at = model_.spaces.size() - 1;
  add_key(made.text("ownerPrivateKey"), made.text("keyId"), "owner", at, model_.spaces[at].owner,
          {});
  // Used once and written down, so that the space does not end as unused.
  expect(ask({.method = "GET", .path = "/oresundspace/whoami"}, made.text("ownerPrivateKey")),
         "whoami", "");
  EXPECT_TRUE(place_->router().flush_last_use());
}

void History::close() {
  const Key key = model_.keys[any_key("owner")];
  const std::size_t at = any_space(key.space);
  const std::string wanted = refused(key, at, "o", false);
  if (!expect(ask({.method = "DELETE", .path = path(at, "")}, key.text), "close", wanted)) return;
  model_.spaces[at].closed = End{model_.now_ms, "space_closed", "closed"};
}

void History::step_clock() {
  static constexpr std::array<std::int64_t, 6> spans = {5'000,     40'000,     300'000,
                                                        2'000'000, 20'000'000, 200'000'000};
  // Long steps are rare: they end nearly everything.
  const std::size_t most = one_in(6) ? spans.size() : one_in(3) ? 5 : 3;
  clock_.step(static_cast<std::int64_t>(below(static_cast<std::size_t>(spans[below(most)]))));
  model_.now_ms = clock_.now_ms();
  if (model_.release_of_the_gone() || one_in(2)) EXPECT_TRUE(place_->sweep().run_once());
}

void History::restart() {
  place_.reset();
  if (one_in(2)) {
    clock_.step(static_cast<std::int64_t>(below(30'000)));
    model_.now_ms = clock_.now_ms();
  }
  place_ = std::make_unique<Place>(folder_, url_, clock_);
  model_.release_of_the_gone();
  ++answers_["restart ok"];
}

}  // namespace kronborg::model_spaces
