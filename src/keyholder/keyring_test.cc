#include "keyholder/keyring.h"

#include <stdlib.h>

#include "keyholder/fixture_test.h"

namespace kronborg::keyholder {
namespace {

constexpr std::string_view item = "0b0e9ec6-4a06-4c62-8a5e-2c5d5a0a2f11";

TEST(Keyring, AProcessThatDoesNotDoItsPartIsAnError) {
  for (const char* const executable : {"/bin/false", "/nonexistent/kronborg", "/dev/null"}) {
    for (const KeyringVerb verb : {KeyringVerb::put, KeyringVerb::get, KeyringVerb::remove}) {
      const auto answer = ask_keyring(executable, verb, std::string(item));
      EXPECT_EQ(code_of(answer), "keystore_unavailable") << executable;
    }
  }
  // Ends well and has said nothing: no name of a new item.
  EXPECT_EQ(code_of(ask_keyring("/bin/true", KeyringVerb::put, {})), "keystore_unavailable");
  // Its arguments, "keyring get" and the item, are no name either.
  EXPECT_EQ(code_of(ask_keyring("/bin/echo", KeyringVerb::put, {})), "keystore_unavailable");
}

TEST(Keyring, WithoutABusItSaysSo) {
  const char* const before = ::getenv("DBUS_SESSION_BUS_ADDRESS");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  const auto answer = ask_keyring(KRONBORG_KEY_HOLDER_CHILD, KeyringVerb::get, std::string(item));
  if (before == nullptr) {
    ::unsetenv("DBUS_SESSION_BUS_ADDRESS");
  } else {
    ::setenv("DBUS_SESSION_BUS_ADDRESS", kept.c_str(), 1);
  }
  ASSERT_EQ(code_of(answer), "keystore_unavailable");
  EXPECT_NE(answer.error().message.find("keyring cannot be reached"), std::string::npos)
      << answer.error().message;
  EXPECT_NE(answer.error().hint.find("desktop session"), std::string::npos);
}

TEST_F(KeyHolderTest, AKeyringThatCannotBeAskedLeavesNothingBehind) {
  ::setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  EXPECT_EQ(code_of(holder->create(KeystoreKind::secret_service, {}, {}, false, test_time)),
            "keystore_unavailable");
  ::unsetenv("DBUS_SESSION_BUS_ADDRESS");
  EXPECT_EQ(names_in(data_folder()), std::vector<std::string>{});
  EXPECT_TRUE(holder->locked());
}

}  // namespace
}  // namespace kronborg::keyholder
