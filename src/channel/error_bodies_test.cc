#include "channel/error_bodies.h"

#include <gtest/gtest.h>

namespace kronborg::channel {
namespace {

using base::Code;

TEST(ErrorBodies, OfTheChannel) {
  EXPECT_EQ(session_error(Code::handshake_version),
            R"({"code":"handshake_version","error":"Unsupported secure channel version"})");
  EXPECT_EQ(session_error(base::Error(Code::identity_locked, "x")),
            R"({"code":"identity_locked","error":"x","hint":"Unlock it with 'kronborg unlock'."})");
  EXPECT_EQ(call_error(Code::secure_replay),
            R"({"error":{"code":"secure_replay","message":"Replayed secure call rejected",)"
            R"("type":"secure_channel_error"}})");
  EXPECT_EQ(
      channel_required_error(),
      R"({"error":{"code":"secure_channel_required","message":"This peer requires end-to-end )"
      R"(encryption for agent requests. Upgrade Osaurus to a version that supports the secure )"
      R"(channel.","type":"upgrade_required"}})");
}

}  // namespace
}  // namespace kronborg::channel
