#include "keyholder/signing_rules.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace kronborg::keyholder {
namespace {

using identity::KeyKind;
using identity::Prefix;

struct Row {
  std::string_view prefix;  ///< as the envelope spells it
  std::string_view payload;
  std::string_view signers;  ///< m(aster) a(gent) p(airing) c(onnect)
};

// docs/protocol/identity.md section 3.1, row by row.
constexpr std::array rows{
    Row{"Osaurus Signed Access", "{}", "ma"},
    Row{"Osaurus Signed Message", "{}", "ma"},
    Row{"Osaurus Signed Pairing", "{}", "p"},
    Row{"Osaurus Signed Pairing Server", "{}", "a"},
    Row{"Osaurus Signed Invite", "{}", "a"},
    Row{"Kronborg Signed Invite", "{}", "a"},
    Row{"Osaurus Secure Channel", "{}", "ac"},
    Row{"Ethereum Signed Message", "osaurus-owner:redeem:x", "m"},
    Row{"Ethereum Signed Message", "kronborg identity proof v1\nx", "ma"},
    Row{"Ethereum Signed Message", "kronborg artifact sign-off v1\nx", "ma"},
    Row{"Ethereum Signed Message", "{}", ""},
    Row{"Ethereum Signed Message", "", ""},
    Row{"Ethereum Signed Message", "osaurus-owner:redeem", ""},
    Row{"Ethereum Signed Message", " osaurus-owner:redeem:x", ""},
    Row{"Ethereum Signed Message", "Osaurus-owner:redeem:x", ""},
    Row{"Ethereum Signed Message", "kronborg identity proof v1", ""},
    Row{"Ethereum Signed Message", "kronborg identity proof v1\r\n", ""},
    Row{"Ethereum Signed Message", "kronborg identity proof v2\n", ""},
    Row{"Ethereum Signed Message", "kronborg artifact sign-off v1 \n", ""},
};

constexpr std::array prefixes{Prefix::access,         Prefix::message, Prefix::pairing,
                              Prefix::pairing_server, Prefix::invite,  Prefix::kronborg_invite,
                              Prefix::secure_channel, Prefix::ethereum};

TEST(SigningRules, EveryPrefixWithEveryKindOfKey) {
  std::size_t looked_at = 0;
  for (const Prefix prefix : prefixes) {
    for (const Row& row : rows) {
      if (row.prefix != identity::prefix_text(prefix)) continue;
      ++looked_at;
      std::string signers;
      const base::BytesView payload = base::bytes_of(row.payload);
      if (may_sign(prefix, KeyKind::master, payload)) signers += 'm';
      if (may_sign(prefix, KeyKind::agent, payload)) signers += 'a';
      if (may_sign(prefix, KeyKind::pairing, payload)) signers += 'p';
      if (may_sign(prefix, KeyKind::connect, payload)) signers += 'c';
      EXPECT_EQ(signers, row.signers) << row.prefix << ": " << row.payload;
    }
  }
  EXPECT_EQ(looked_at, rows.size());
}

}  // namespace
}  // namespace kronborg::keyholder
