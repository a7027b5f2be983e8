#include "keyholder/protocol.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "base/random.h"

namespace kronborg::keyholder {
namespace {

base::Bytes bytes_of(Request request) {
  const Packet packet = encode(std::move(request));
  return {packet.bytes().begin(), packet.bytes().end()};
}

SignRequest sample() {
  return {.prefix = identity::Prefix::ethereum,
          .key = {.kind = identity::KeyKind::connect,
                  .agent = {.scope = std::string("ab\0", 3), .index = 0xfffffffe}},
          .payload = {1, 2, 3}};
}

TEST(Protocol, RequestsSurviveTheWay) {
  const auto decoded = decode_request(bytes_of(sample()));
  ASSERT_TRUE(decoded);
  const auto& request = std::get<SignRequest>(*decoded);
  EXPECT_EQ(request.prefix, identity::Prefix::ethereum);
  EXPECT_EQ(request.key.kind, identity::KeyKind::connect);
  EXPECT_EQ(request.key.agent, sample().key.agent);
  EXPECT_EQ(request.payload, (base::Bytes{1, 2, 3}));

  CreateRequest create;
  create.kind = KeystoreKind::file;
  create.copy = true;
  create.now = -5;
  create.secret = base::SecretText("open sesame");
  const auto again = decode_request(bytes_of(std::move(create)));
  ASSERT_TRUE(again);
  EXPECT_EQ(std::get<CreateRequest>(*again).kind, KeystoreKind::file);
  EXPECT_TRUE(std::get<CreateRequest>(*again).copy);
  EXPECT_EQ(std::get<CreateRequest>(*again).now, -5);
  EXPECT_EQ(std::get<CreateRequest>(*again).secret.reveal(), "open sesame");
}

TEST(Protocol, ARecoverySurvivesTheWay) {
  RecoverRequest recover;
  recover.keystore.kind = KeystoreKind::secret_service;
  recover.keystore.aid = true;
  recover.keystore.item = "an item";
  recover.bundle = true;
  recover.code = base::SecretText("code");
  recover.words = base::SecretText("words");
  recover.earlier = identity::EarlierKeys::revoke;
  recover.now_ms = 1'767'225'600'123;
  recover.generation_above = 3;
  const auto decoded = decode_request(bytes_of(std::move(recover)));
  ASSERT_TRUE(decoded);
  const auto& request = std::get<RecoverRequest>(*decoded);
  EXPECT_EQ(request.keystore.kind, KeystoreKind::secret_service);
  EXPECT_TRUE(request.keystore.aid);
  EXPECT_FALSE(request.keystore.copy);
  EXPECT_EQ(request.keystore.item, "an item");
  EXPECT_TRUE(request.bundle);
  EXPECT_EQ(request.code.reveal(), "code");
  EXPECT_EQ(request.words.reveal(), "words");
  EXPECT_EQ(request.earlier, identity::EarlierKeys::revoke);
  EXPECT_EQ(request.now_ms, 1'767'225'600'123);
  EXPECT_EQ(request.generation_above, 3);
}

TEST(Protocol, ErrorsKeepCodeTextAndHint) {
  const Packet packet =
      encode(Reply(reply_of(base::Error(base::Code::wrong_passphrase, "text", "hint"))));
  auto reply = decode_reply(packet.bytes());
  ASSERT_TRUE(reply);
  const base::Error error = error_of(std::get<ErrorReply>(*std::move(reply)));
  EXPECT_EQ(error.code, base::Code::wrong_passphrase);
  EXPECT_EQ(error.message, "text");
  EXPECT_EQ(error.hint, "hint");
}

TEST(Protocol, CutOrLongerMessagesAreNone) {
  base::Bytes bytes = bytes_of(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_request(base::BytesView(bytes).first(size))) << size;
  }
  bytes.push_back(0);
  EXPECT_FALSE(decode_request(bytes));
}

TEST(Protocol, ValuesOutOfRangeAreNone) {
  // Request, prefix, kind: one byte each at the front.
  for (const std::size_t place : {0U, 1U, 2U}) {
    base::Bytes bytes = bytes_of(sample());
    bytes[place] = 0xff;
    EXPECT_FALSE(decode_request(bytes)) << place;
  }
  base::Bytes flag = bytes_of(CreateRequest{});
  flag[2] = 2;
  EXPECT_FALSE(decode_request(flag));
}

TEST(Protocol, RandomBytesNeverBreakTheReader) {
  base::SystemRandom random;
  for (int round = 0; round < 20'000; ++round) {
    std::array<std::uint8_t, 40> bytes{};
    random.fill(bytes);
    bytes[0] = static_cast<std::uint8_t>(round % 15);
    const auto request = decode_request(bytes);
    if (request) EXPECT_EQ(request->index(), bytes[0]);
  }
}

struct SocketPair {
  SocketPair() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()), 0);
    near = Descriptor(pair[0]);
    far = Descriptor(pair[1]);
  }
  Descriptor near;
  Descriptor far;
};

TEST(Packet, TooLargeOnesAreNotSent) {
  const SocketPair pair;
  Packet packet;
  const base::Bytes most(max_packet_bytes);
  packet.append(most);
  ASSERT_TRUE(send_packet(pair.near.get(), packet, {}));
  const auto received = receive_packet(pair.far.get(), 1000);
  ASSERT_TRUE(received && *received);
  EXPECT_EQ((*received)->bytes().size(), max_packet_bytes);
  packet.append(base::BytesView(most).first(1));
  EXPECT_FALSE(packet.whole());
  EXPECT_FALSE(send_packet(pair.near.get(), packet, {}));
}

TEST(Packet, CarriesDescriptorsAndRefusesMoreThanItsRoom) {
  const SocketPair pair;
  Packet packet;
  packet.append(base::bytes_of("x"));
  const int fd = pair.near.get();
  std::array<int, max_packet_descriptors + 1> many{};
  many.fill(fd);
  ASSERT_TRUE(send_packet(pair.near.get(), packet, std::span(many).first(max_packet_descriptors)));
  const auto received = receive_packet(pair.far.get(), 1000);
  ASSERT_TRUE(received && *received);
  EXPECT_EQ((*received)->descriptors.size(), max_packet_descriptors);
  EXPECT_FALSE(send_packet(pair.near.get(), packet, many));
}

TEST(Packet, TheEndAndSilenceAreTwoThings) {
  SocketPair pair;
  EXPECT_FALSE(receive_packet(pair.far.get(), 0)) << "nothing came in time";
  pair.near.close();
  const auto end = receive_packet(pair.far.get(), 0);
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

}  // namespace
}  // namespace kronborg::keyholder
