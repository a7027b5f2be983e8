#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "identity/address.h"
#include "identity/derivation.h"
#include "vectors/rows.h"
#include "vectors/topics.h"

namespace kronborg::vectors {
namespace {

std::optional<crypto::PrivateKey> derived(const json::object& row,
                                          const crypto::PrivateKey& master) {
  const std::string kind = text_of(row, "kind");
  if (kind == "pairing") return identity::derive_pairing_key(master);
  if (kind == "connect") return identity::derive_connect_key(master, text_of(row, "device_id"));
  EXPECT_TRUE(kind == "agent_v1" || kind == "agent_v2") << kind;
  const std::string scope = text_of(row, "scope");
  EXPECT_EQ(scope.empty(), kind == "agent_v1");
  const auto index = row.at("index").to_number<std::uint32_t>();
  return identity::derive_agent_key(master, {.scope = scope, .index = index});
}

}  // namespace

void check_agent_keys(const json::object& file) {
  for_each_row(file, "cases", [](const json::object& row) {
    const crypto::PrivateKey master = key_of(row, "master_hex");
    const auto key = derived(row, master);
    ASSERT_TRUE(key);
    EXPECT_EQ(base::hex(key->reveal()), text_of(row, "private_key_hex"));
    EXPECT_EQ(identity::address_of(*key).text(), text_of(row, "address"));
    const auto mac = crypto::hmac_sha512(master.reveal(), {bytes_of(row, "message_hex")});
    EXPECT_EQ(base::hex(mac.reveal().first<32>()), text_of(row, "private_key_hex"));
  });
}

}  // namespace kronborg::vectors
