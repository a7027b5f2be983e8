#include "pairing/connector_phone.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/json_members.h"
#include "pairing/seal.h"

namespace kronborg::pairing {
namespace {

using base::Code;
using base::json::object;

constexpr std::int64_t version = 2;

std::optional<object> read_answer(std::string_view body) {
  auto value = base::parse_json(body);
  auto* members = value ? value->if_object() : nullptr;
  std::int64_t v = 0;
  if (members == nullptr || !base::read_integer(*members, "v", v) || v != version) {
    return std::nullopt;
  }
  return std::move(*members);
}

bool read_agents(const object& members, std::vector<PhonePayload::Agent>& out) {
  const auto* list = base::set_member(members, "agents");
  const auto* items = list == nullptr ? nullptr : list->if_array();
  if (items == nullptr) return false;
  for (const auto& item : *items) {
    const auto* from = item.if_object();
    PhonePayload::Agent agent;
    std::string address;
    if (from == nullptr || !base::read_text(*from, "id", agent.id) ||
        !base::read_text(*from, "name", agent.name) ||
        !base::read_text(*from, "address", address)) {
      return false;
    }
    const auto parsed = identity::Address::parse(address);
    if (!parsed) return false;
    agent.address = *parsed;
    out.push_back(std::move(agent));
  }
  return true;
}

}  // namespace

PhoneExchange::PhoneExchange(std::string_view code, std::string device_id, std::string device_name,
                             base::Random& random)
    : device_id_(std::move(device_id)),
      device_name_(std::move(device_name)),
      own_(crypto::Spake2Role::phone, crypto::spake2_password(code), random) {}

std::string PhoneExchange::code_body() const {
  return base::sorted_json(object{{"v", version},
                                  {"deviceId", device_id_},
                                  {"deviceName", device_name_},
                                  {"share", base::base64url(own_.share())}});
}

base::Result<std::string> PhoneExchange::confirm_body(std::string_view answer) {
  const auto members = read_answer(answer);
  std::string exchange;
  std::string confirm;
  std::string text;
  if (!members || !base::read_text(*members, "exchange", exchange) ||
      !base::read_text(*members, "confirm", confirm) || !base::read_text(*members, "share", text)) {
    return Code::host_answer_malformed;
  }
  const auto bytes = base::base64url_strict(text);
  const auto share = bytes ? crypto::read_spake2_share(*bytes) : std::nullopt;
  if (!share) return Code::host_answer_malformed;
  auto agreed = own_.agree(*share, {.id = device_id_, .name = device_name_});
  const auto given = base::base64url_strict(confirm);
  if (!agreed || !given || !base::equal_in_constant_time(*given, agreed->host_confirmation)) {
    return base::Error(Code::host_not_proven, "The host does not know this code.",
                       "Check the code, or ask the owner for a new one.");
  }
  agreed_ = std::move(agreed);
  return base::sorted_json(object{{"v", version},
                                  {"exchange", exchange},
                                  {"confirm", base::base64url(agreed_->phone_confirmation)}});
}

base::Result<PhonePayload> PhoneExchange::payload(std::string_view answer) const {
  const auto members = read_answer(answer);
  std::string sealed;
  if (!members || !agreed_ || !base::read_text(*members, "sealed", sealed)) {
    return Code::host_answer_malformed;
  }
  const auto plain = open_payload(agreed_->session, device_id_, sealed);
  if (!plain) return Code::host_key_refused;
  auto value = base::parse_json(plain->reveal());
  const auto* inside = value ? value->if_object() : nullptr;
  PhonePayload payload;
  std::string key;
  if (inside == nullptr || !base::read_text(*inside, "apiKey", key) ||
      !base::read_text(*inside, "hostName", payload.host_name) ||
      !read_agents(*inside, payload.agents)) {
    return Code::host_answer_malformed;
  }
  base::SecretText secret(key);
  base::wipe(key.data(), key.size());
  base::wipe_texts(*value);
  TRY(payload.received, check_key(std::move(secret)));
  return payload;
}

}  // namespace kronborg::pairing
