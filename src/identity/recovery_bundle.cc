#include "identity/recovery_bundle.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"
#include "identity/recovery_code.h"

namespace kronborg::identity {
namespace {

namespace json = base::json;

/// One more than the last index: the mark of a scope that is used up.
constexpr std::int64_t max_mark = std::int64_t{std::numeric_limits<std::uint32_t>::max()} + 1;
constexpr std::int64_t ms_per_minute = 60'000;

base::Error wrong(std::string_view member) {
  return {base::Code::bundle_unsupported,
          "The member `" + std::string(member) + "` of the bundle is missing or has a wrong form."};
}

/// Takes the key out of the text that was opened and leaves no second copy.
base::Result<crypto::PrivateKey> take_master(json::value& value) {
  json::object* const object = value.if_object();
  const json::value* const version = object == nullptr ? nullptr : object->if_contains("v");
  if (version == nullptr || !version->is_int64() || version->get_int64() != 1) return wrong("v");
  json::value* const master = object->if_contains("master");
  json::string* const digits = master == nullptr ? nullptr : master->if_string();
  if (digits == nullptr) return wrong("master");
  crypto::PrivateKey key;
  const bool sound = digits->size() == 64 && base::hex_strict_into(*digits, key.fill()) &&
                     crypto::is_private_key(key.reveal());
  base::wipe(digits->data(), digits->size());
  if (!sound) return wrong("master");
  return key;
}

base::Result<void> check_addresses(const OpenedBundle& bundle) {
  if (address_of(bundle.master) != bundle.header.address) {
    return base::Error(base::Code::bundle_unsupported,
                       "The key in the bundle does not give the address that the bundle names.");
  }
  for (const BundleContent::Agent& agent : bundle.content.agents) {
    const auto key = derive_agent_key(bundle.master, agent.key);
    if (!key || address_of(*key) != agent.address) {
      return base::Error(base::Code::agent_address_mismatch,
                         "The key of an agent in the bundle does not give the agent's address.");
    }
  }
  return {};
}

}  // namespace

base::Result<OpenedBundle> open_bundle(std::string_view file, std::string_view code) {
  TRY(const base::SecretText password, password_of_code(code));
  TRY(const SealedFile sealed, read_sealed(file, bundle_format));
  TRY(const OpenedFile opened,
      open_with_password(sealed, password.reveal(), base::Code::recovery_code_wrong));
  TRY(json::value value, parse_bundle_json(opened.plain.reveal()));
  OpenedBundle bundle;
  bundle.header = sealed.header;
  TRY(bundle.master, take_master(value));
  TRY(bundle.content, bundle_content_of(value));
  TRY_VOID(check_addresses(bundle));
  return bundle;
}

void raise_for_recovery(BundleContent& content, const Address& master,
                        const std::string& host_scope, EarlierKeys earlier, std::int64_t now_ms) {
  const auto now = std::max<std::int64_t>(now_ms, 0);
  content.indices.try_emplace(host_scope, 0);
  for (const BundleContent::Agent& agent : content.agents) {
    std::int64_t& mark = content.indices[agent.key.scope];
    mark = std::max(mark, std::int64_t{agent.key.index} + 1);
  }
  for (auto& [scope, mark] : content.indices) {
    mark = std::clamp(now / ms_per_minute, mark, max_mark);
  }
  if (earlier == EarlierKeys::keep) return;
  const auto raise = [&](const Address& issuer) {
    const auto last = content.counters.find(issuer);
    std::uint64_t& threshold = content.thresholds[issuer];
    threshold = std::max({threshold, static_cast<std::uint64_t>(now),
                          last == content.counters.end() ? 0 : last->second});
  };
  raise(master);
  for (const BundleContent::Agent& agent : content.agents) raise(agent.address);
}

}  // namespace kronborg::identity
