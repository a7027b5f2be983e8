#include "pairing/error_bodies.h"

#include <gtest/gtest.h>

namespace kronborg::pairing {
namespace {

using base::Code;

TEST(ErrorBodies, Flat) {
  EXPECT_EQ(flat_error(Code::pairing_denied),
            R"({"code":"pairing_denied","error":"Pairing denied"})");
  EXPECT_EQ(flat_error(Code::identity_locked),
            R"({"code":"identity_locked","error":"The identity is locked.",)"
            R"("hint":"Unlock it with 'kronborg unlock'."})");
  EXPECT_EQ(
      flat_error(base::Error(Code::identity_locked, "Host identity is unavailable right now")),
      R"({"code":"identity_locked","error":"Host identity is unavailable right now",)"
      R"("hint":"Unlock it with 'kronborg unlock'."})");
}

TEST(ErrorBodies, Phone) {
  EXPECT_EQ(phone_error(Code::invalid_code), R"({"code":"invalid_code","error":"invalid_code",)"
                                             R"("message":"That code is wrong or has expired."})");
  EXPECT_EQ(phone_error(Code::lan_only), R"({"code":"lan_only","error":"lan_only"})");
  EXPECT_EQ(phone_error(Code::identity_locked),
            R"({"code":"identity_locked","error":"identity_locked",)"
            R"("hint":"Unlock it with 'kronborg unlock'.","message":"The identity is locked."})");
  EXPECT_EQ(phone_error(Code::pairing_rate_limited), flat_error(Code::pairing_rate_limited));
  EXPECT_EQ(flat_error(Code::pairing_rate_limited),
            R"({"code":"pairing_rate_limited",)"
            R"("error":"Too many pairing attempts. Try again shortly."})");
}

TEST(ErrorBodies, TooLarge) {
  EXPECT_EQ(body_too_large_error(70'000),
            R"x({"error":{"code":"body_too_large",)x"
            R"x("message":"Request body too large (70000 > 65536 bytes)",)x"
            R"x("type":"payload_too_large"}})x");
}

}  // namespace
}  // namespace kronborg::pairing
