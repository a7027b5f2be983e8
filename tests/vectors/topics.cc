#include "vectors/topics.h"

namespace kronborg::vectors {
namespace {

constexpr Topic topics[] = {
    {"keccak", check_keccak},
    {"addresses", check_addresses},
    {"agent_keys", check_agent_keys},
    {"envelope", check_envelope},
    {"mnemonic", check_mnemonic},
    {"recovery", check_recovery},
    {"access_keys", check_access_keys},
    {"devices", check_devices},
    {"request_token", check_request_token},
};

}  // namespace

Check check_of(std::string_view topic) {
  for (const Topic& known : topics) {
    if (known.name == topic) return known.check;
  }
  return nullptr;
}

}  // namespace kronborg::vectors
