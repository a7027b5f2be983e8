#include "identity/bundle_content.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <utility>

#include "identity/label.h"

namespace kronborg::identity {
namespace {

namespace json = base::json;

/// Those of requests are for strangers; a bundle is opened by a code, and its size is bounded.
constexpr base::JsonLimits wide{.depth = 8, .members = 4'000'000, .items = 4'000'000};
constexpr std::size_t max_nonce_bytes = 128;
constexpr std::size_t max_scope_bytes = 1024;
constexpr std::size_t max_id_bytes = 64;
constexpr std::int64_t max_integer = (std::int64_t{1} << 53U) - 1;
/// One more than the last index: the mark of a scope that is used up.
constexpr std::int64_t max_mark = std::int64_t{std::numeric_limits<std::uint32_t>::max()} + 1;

base::Error wrong(std::string_view member) {
  return {base::Code::bundle_unsupported,
          "The member `" + std::string(member) + "` of the bundle is missing or has a wrong form.",
          "Use another copy of the bundle, or the version that wrote it."};
}

const json::value* member_of(const json::object& object, std::string_view name) {
  return object.if_contains(name);
}

base::Result<std::string> text_of(const json::object& object, std::string_view name,
                                  std::size_t most) {
  const json::value* const value = member_of(object, name);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr || text->size() > most) return wrong(name);
  return std::string(*text);
}

base::Result<std::int64_t> integer_of(const json::value* value, std::string_view name,
                                      std::int64_t most) {
  const std::int64_t* const number = value == nullptr ? nullptr : value->if_int64();
  if (number == nullptr || *number < 0 || *number > most) return wrong(name);
  return *number;
}

base::Result<Address> address_in(const json::value* value, std::string_view name) {
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  const auto address = text == nullptr ? std::nullopt : Address::parse(*text);
  if (!address) return wrong(name);
  return *address;
}

base::Result<const json::object*> object_of(const json::object& parent, std::string_view name) {
  const json::value* const value = member_of(parent, name);
  const json::object* const object = value == nullptr ? nullptr : value->if_object();
  if (object == nullptr) return wrong(name);
  return object;
}

base::Result<const json::array*> array_of(const json::object& parent, std::string_view name) {
  const json::value* const value = member_of(parent, name);
  const json::array* const array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr) return wrong(name);
  return array;
}

base::Result<BundleContent::Agent> read_agent(const json::value& value) {
  const json::object* const object = value.if_object();
  if (object == nullptr) return wrong("agents");
  BundleContent::Agent agent;
  TRY(agent.id, text_of(*object, "id", max_id_bytes));
  TRY(const std::string name, text_of(*object, "name", max_scope_bytes));
  auto label = normalise_label(name);
  if (!label || agent.id.empty()) return wrong("agents");
  agent.name = *std::move(label);
  TRY(agent.key.scope, text_of(*object, "scope", max_scope_bytes));
  TRY(const std::int64_t index,
      integer_of(member_of(*object, "index"), "index", std::numeric_limits<std::uint32_t>::max()));
  agent.key.index = static_cast<std::uint32_t>(index);
  TRY(agent.address, address_in(member_of(*object, "address"), "address"));
  return agent;
}

base::Result<std::vector<BundleContent::Agent>> read_agents(const json::object& content) {
  TRY(const json::array* const list, array_of(content, "agents"));
  std::vector<BundleContent::Agent> agents;
  std::set<std::string> ids;
  std::set<std::string> names;
  std::set<Address> addresses;
  for (const json::value& value : *list) {
    TRY(auto agent, read_agent(value));
    const bool is_new = ids.insert(agent.id).second && names.insert(agent.name).second &&
                        addresses.insert(agent.address).second;
    if (!is_new) return wrong("agents");
    agents.push_back(std::move(agent));
  }
  return agents;
}

base::Result<std::vector<Address>> read_list(const json::value& value) {
  const json::array* const list = value.if_array();
  if (list == nullptr) return wrong("whitelist");
  std::vector<Address> addresses;
  for (const json::value& item : *list) {
    TRY(const Address address, address_in(&item, "whitelist"));
    addresses.push_back(address);
  }
  return addresses;
}

base::Result<void> read_whitelists(const json::object& parent, BundleContent& content) {
  TRY(const json::object* const lists, object_of(parent, "whitelist"));
  const json::value* const master = member_of(*lists, "master");
  if (master == nullptr) return wrong("whitelist");
  TRY(content.master_whitelist, read_list(*master));
  TRY(const json::object* const agents, object_of(*lists, "agents"));
  for (const auto& [name, value] : *agents) {
    const auto agent = Address::parse(name);
    if (!agent) return wrong("whitelist");
    TRY(content.agent_whitelists[*agent], read_list(value));
  }
  return {};
}

base::Result<BundleContent::Revocation> read_revocation(const json::value& value) {
  const json::object* const object = value.if_object();
  if (object == nullptr) return wrong("revocations");
  BundleContent::Revocation revocation;
  TRY(revocation.issuer, address_in(member_of(*object, "iss"), "iss"));
  TRY(revocation.nonce, text_of(*object, "nonce", max_nonce_bytes));
  if (revocation.nonce.empty()) return wrong("nonce");
  if (const json::value* const expires_at = member_of(*object, "exp")) {
    TRY(revocation.expires_at, integer_of(expires_at, "exp", max_integer));
  }
  return revocation;
}

base::Result<std::map<Address, std::uint64_t>> read_counters(const json::object& parent,
                                                             std::string_view name) {
  TRY(const json::object* const object, object_of(parent, name));
  std::map<Address, std::uint64_t> counters;
  for (const auto& [issuer, value] : *object) {
    const auto address = Address::parse(issuer);
    const json::string* const text = value.if_string();
    if (!address || text == nullptr) return wrong(name);
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (failed != std::errc() || end != text->data() + text->size()) return wrong(name);
    counters[*address] = std::max(counters[*address], number);
  }
  return counters;
}

json::array texts_of(const std::vector<Address>& addresses) {
  json::array list;
  for (const Address& address : addresses) list.emplace_back(address.lower());
  return list;
}

json::object texts_of(const std::map<Address, std::uint64_t>& counters) {
  json::object object;
  for (const auto& [issuer, value] : counters) object[issuer.lower()] = std::to_string(value);
  return object;
}

}  // namespace

base::Result<BundleContent> bundle_content_of(const json::value& value) {
  const json::object* const object = value.if_object();
  if (object == nullptr) return wrong("");
  BundleContent content;
  TRY(content.agents, read_agents(*object));
  TRY_VOID(read_whitelists(*object, content));
  TRY(const json::array* const revocations, array_of(*object, "revocations"));
  for (const json::value& entry : *revocations) {
    TRY(auto revocation, read_revocation(entry));
    content.revocations.push_back(std::move(revocation));
  }
  TRY(content.thresholds, read_counters(*object, "thresholds"));
  TRY(content.counters, read_counters(*object, "counters"));
  TRY(const json::object* const indices, object_of(*object, "indices"));
  for (const auto& [scope, mark] : *indices) {
    if (scope.size() > max_scope_bytes) return wrong("indices");
    TRY(content.indices[std::string(scope)], integer_of(&mark, "indices", max_mark));
  }
  return content;
}

base::Result<json::value> parse_bundle_json(std::string_view text) {
  auto value = base::parse_json(text, wide);
  if (!value) {
    return base::Error(base::Code::bundle_unsupported,
                       "The content of the bundle is not acceptable JSON.");
  }
  return *std::move(value);
}

base::Result<BundleContent> read_bundle_content(std::string_view text) {
  TRY(const json::value value, parse_bundle_json(text));
  return bundle_content_of(value);
}

std::string bundle_content_text(const BundleContent& content) {
  json::array agents;
  for (const BundleContent::Agent& agent : content.agents) {
    agents.push_back(json::object{{"id", agent.id},
                                  {"name", agent.name},
                                  {"index", agent.key.index},
                                  {"scope", agent.key.scope},
                                  {"address", agent.address.text()}});
  }
  json::object lists;
  for (const auto& [agent, addresses] : content.agent_whitelists) {
    lists[agent.lower()] = texts_of(addresses);
  }
  json::array revocations;
  for (const BundleContent::Revocation& revocation : content.revocations) {
    json::object entry{{"iss", revocation.issuer.lower()}, {"nonce", revocation.nonce}};
    if (revocation.expires_at) entry["exp"] = *revocation.expires_at;
    revocations.push_back(std::move(entry));
  }
  json::object indices;
  for (const auto& [scope, mark] : content.indices) indices[scope] = mark;
  return base::canonical_json(json::object{
      {"agents", std::move(agents)},
      {"whitelist",
       json::object{{"master", texts_of(content.master_whitelist)}, {"agents", std::move(lists)}}},
      {"revocations", std::move(revocations)},
      {"thresholds", texts_of(content.thresholds)},
      {"counters", texts_of(content.counters)},
      {"indices", std::move(indices)}});
}

}  // namespace kronborg::identity
