#include "pairing/labels.h"

#include "base/text.h"
#include "identity/label.h"
#include "pairing/fixture_test.h"

namespace kronborg::pairing {
namespace {

TEST(Labels, OfEachSource) {
  EXPECT_EQ(connector_label(address("0xe7DDE03d0C5f5DC9aD55280973e1E156eFcb2900")),
            "Paired – 0xe7DD…2900");
  EXPECT_EQ(invite_label("Helsingør", "AAECAwQFBgcICQoL"), "Invite – Helsingør (AAECAwQF)");
  EXPECT_EQ(owner_device_label("Phone"), "Owner device – Phone");
  EXPECT_EQ(owner_device_label(""), "Owner device – Device");
  EXPECT_EQ(phone_label("Sørens telefon 📱"), "Sørens telefon 📱");
  EXPECT_EQ(phone_label(""), "Mobile");
}

TEST(Labels, AreLabelsWhateverOthersWrite) {
  const std::string long_name(300, 'x');
  for (const std::string& name : {std::string("\n\t "), std::string("a\u202Eb\u0007c"), long_name,
                                  std::string("\u2066\u2069"), std::string("  a  b  "),
                                  std::string("🦕") + long_name, std::string("\0", 1)}) {
    for (const std::string& label :
         {invite_label(name, "AAECAwQFBgcICQoL"), owner_device_label(name), phone_label(name)}) {
      const auto normal = identity::normalise_label(label);
      ASSERT_TRUE(normal) << label;
      EXPECT_EQ(base::printable(*normal, 80), *normal);
    }
  }
  EXPECT_EQ(phone_label("a\u202Eb\u0007c"), "abc");
  EXPECT_EQ(phone_label(" \n "), "Mobile");
  EXPECT_EQ(phone_label(long_name).size(), 80U);
}

}  // namespace
}  // namespace kronborg::pairing
