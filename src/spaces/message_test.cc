#include "spaces/message.h"

#include <gtest/gtest.h>

#include "spaces/fixture_test.h"
#include "spaces/participant.h"
#include "support/postgres.h"

namespace kronborg::spaces {
namespace {

class MessageTest : public SpacesTest {
 protected:
  void SetUp() override {
    SpacesTest::SetUp();
    buyer = open();
    seller = add(buyer, "seller-agent");
    ears.take();
  }
  base::Result<std::vector<Message>> post(const Member& who, std::vector<NewMessage> messages) {
    const Caller sender = caller(who);
    return write([&](Act& act) { return post_messages(act, sender, messages); }, by(who));
  }
  Message say(const Member& who, std::string text) {
    return post(who, {{.content = std::move(text)}}).value().front();
  }
  MessagePage list(std::int64_t after, int limit, Form form = Form::whole) {
    return read([&](Act& act) { return read_messages(act, buyer.space, after, limit, form); })
        .value();
  }
  std::int64_t position(std::int64_t after_ms) {
    return read([&](Act& act) { return position_at(act, buyer.space, after_ms); }).value();
  }
  base::Result<Message> redact(const Member& who, std::string_view id) {
    const Caller caller_of_it = caller(who);
    return write([&](Act& act) { return redact_message(act, caller_of_it, id); }, by(who));
  }
  void set_last_seq(std::int64_t seq) {
    ASSERT_EQ(
        code_of(write([&](Act& act) -> base::Result<void> {
          TRY_VOID(act.run("UPDATE spaces SET last_seq = $1 WHERE number = $2", seq, buyer.space));
          return {};
        })),
        "ok");
  }
  static std::string pointer_of(const base::Result<std::vector<Message>>& refused) {
    return refused.error().errors.at(0).pointer + " " + refused.error().errors.at(0).code;
  }

  Member buyer, seller;
};

TEST_F(MessageTest, TheObjectIsThatOfTheWalk) {
  // Steps 11 and 14 of space-walk.http, but for ids.
  clock.step(60'120);
  const Message sent = say(buyer, "Our opening offer is 38,000 per year for two years.");
  EXPECT_EQ(base::to_text(render(sent, Form::without_content)),
            R"({"id":")" + sent.id +
                R"(","seq":1,"timestamp":"2026-11-02T09:01:00.120Z","type":"text","sender":)"
                R"({"participantId":")" +
                buyer.id + R"(","name":"owner","keyType":"owner","verified":false}})");
  const MessagePage page = list(0, 100);
  ASSERT_EQ(page.messages.size(), 1U);
  EXPECT_EQ(base::to_text(render(page.messages[0], Form::whole)),
            R"({"id":")" + sent.id +
                R"(","seq":1,"timestamp":"2026-11-02T09:01:00.120Z","type":"text",)"
                R"("content":"Our opening offer is 38,000 per year for two years.","sender":)"
                R"({"participantId":")" +
                buyer.id + R"(","name":"owner","keyType":"owner","verified":false}})");
}

TEST_F(MessageTest, TheSystemHasNoId) {
  ASSERT_EQ(code_of(write([&](Act& act) {
              return post_system_message(act, buyer.space, "seller-agent joined.");
            })),
            "ok");
  const Message message = list(0, 1).messages.at(0);
  EXPECT_EQ(base::to_text(render(message, Form::whole)),
            R"({"id":")" + message.id +
                R"(","seq":1,"timestamp":"2026-11-02T09:00:00.000Z","type":"system",)"
                R"("content":"seller-agent joined.","sender":{"participantId":null,)"
                R"("name":"system","keyType":"system","verified":false}})");
}

TEST_F(MessageTest, SendersAreStampedFromTheKey) {
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              TRY_VOID(
                  act.run("UPDATE space_participants SET address = $1, verified_at_ms = $2 "
                          "WHERE id = $3",
                          "0x2561ef44a9df821a95f9eb83353d809f7dfdfec6", act.now_ms, seller.id));
              return {};
            })),
            "ok");
  start();
  const Message sent = say(seller, "x");
  const auto object = render(list(0, 1).messages.at(0), Form::whole);
  EXPECT_EQ(base::to_text(object.at("sender")),
            R"({"participantId":")" + seller.id +
                R"(","name":"seller-agent","keyType":"participant","verified":true,)"
                R"("address":"0x2561ef44A9Df821a95f9Eb83353d809f7DfDfEc6"})");
}

TEST_F(MessageTest, NumbersAndTimesRiseWithoutGaps) {
  say(buyer, "a");
  say(seller, "b");  // in the same millisecond
  const auto together = post(buyer, {{.content = "c"}, {.content = "d"}}).value();
  clock.step(-5'000);  // a clock that goes back changes nothing
  say(seller, "e");
  clock.step(60'000);
  say(buyer, "f");
  std::string contents;
  std::vector<std::int64_t> times;
  for (const Message& message : list(0, 100).messages) {
    EXPECT_EQ(message.seq, static_cast<std::int64_t>(contents.size()) + 1);
    contents += message.content;
    times.push_back(message.at_ms - test_time_ms);
  }
  EXPECT_EQ(contents, "abcdef");
  EXPECT_EQ(times, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 55'000}));
  EXPECT_EQ(together.at(1).seq, 4);
}

TEST_F(MessageTest, ContentIsKeptByteForByte) {
  const std::string content = "  \t\xF0\x9F\xA6\x89\r\n\"\\ \xE2\x80\xA8 ";
  say(buyer, content);
  EXPECT_EQ(list(0, 1).messages.at(0).content, content);
}

TEST_F(MessageTest, ReferencesMustBeOfTheSpace) {
  const Message first = say(buyer, "a");
  const auto answer =
      post(seller, {{.content = "b", .reply_to = first.id, .mentions = {buyer.id}}});
  ASSERT_EQ(code_of(answer), "ok");
  const auto object = render(list(1, 1).messages.at(0), Form::whole);
  EXPECT_EQ(object.at("replyTo").as_string(), first.id);
  EXPECT_EQ(base::to_text(object.at("mentions")), R"([")" + buyer.id + R"("])");

  const Member stranger = open();
  const Message elsewhere = say(stranger, "c");
  EXPECT_EQ(pointer_of(post(seller, {{.content = "d", .reply_to = elsewhere.id}})),
            "/replyTo not_allowed");
  EXPECT_EQ(pointer_of(post(seller, {{.content = "d", .mentions = {buyer.id, stranger.id}}})),
            "/mentions not_allowed");
  const std::string waiting = add_pending(buyer, "waiting", test_time_ms + 1'000);
  EXPECT_EQ(pointer_of(post(seller, {{.content = "d", .mentions = {waiting}}})),
            "/mentions not_allowed");
  EXPECT_EQ(pointer_of(
                post(seller, {{.content = "d", .place = "/messages/0"},
                              {.content = "e", .reply_to = elsewhere.id, .place = "/messages/1"}})),
            "/messages/1/replyTo not_allowed");
  EXPECT_EQ(list(0, 100).messages.size(), 2U);  // all or none
}

TEST_F(MessageTest, AFullSpaceTakesNoMore) {
  set_last_seq(max_messages - 1);
  const auto both = post(buyer, {{.content = "a"}, {.content = "b"}});
  EXPECT_EQ(code_of(both), "limit_reached");
  EXPECT_EQ(say(buyer, "the last").seq, 100'000);
  const auto refused = post(buyer, {{.content = "one too many"}});
  ASSERT_EQ(code_of(refused), "limit_reached");
  EXPECT_EQ(std::get<std::string>(refused.error().details.at(0).value), "messages");
  EXPECT_EQ(std::get<std::int64_t>(refused.error().details.at(1).value), 100'000);
  // What the system would say does not keep anything from being done.
  EXPECT_EQ(code_of(write(
                [&](Act& act) { return post_system_message(act, buyer.space, "someone left."); })),
            "ok");
  EXPECT_EQ(list(0, 100).last, 100'000);
}

TEST_F(MessageTest, PagesGoOnWhereTheLastOneEnded) {
  for (int i = 0; i < 300; ++i) say(buyer, std::to_string(i + 1));
  MessagePage page = list(0, 200);
  EXPECT_EQ(page.messages.size(), 200U);
  EXPECT_EQ(page.last, 200);
  EXPECT_TRUE(page.has_more);
  page = list(page.last, 100);
  EXPECT_EQ(page.messages.front().content, "201");
  EXPECT_EQ(page.last, 300);
  EXPECT_FALSE(page.has_more);
  page = list(300, 100);
  EXPECT_TRUE(page.messages.empty());
  EXPECT_EQ(page.last, 300);
  EXPECT_FALSE(page.has_more);
}

TEST_F(MessageTest, PagesAreBoundedInBytesToo) {
  const std::string large(max_message_bytes, 'x');
  for (int i = 0; i < 8; ++i) post(buyer, {{.type = "html", .content = large}}).value();
  EXPECT_EQ(list(0, 8).messages.size(), 8U);
  const MessagePage page = list(0, 8, Form::for_browser);
  EXPECT_EQ(page.messages.size(), 4U);  // 256 KiB
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(list(page.last, 8, Form::for_browser).messages.size(), 4U);
}

TEST_F(MessageTest, PositionsOfTimes) {
  EXPECT_EQ(position(test_time_ms), 0);
  for (int i = 0; i < 20; ++i) {
    clock.step(1'000);
    say(buyer, "x");
  }
  EXPECT_EQ(position(test_time_ms), 0);
  EXPECT_EQ(position(test_time_ms + 999), 0);
  EXPECT_EQ(position(test_time_ms + 1'000), 1);
  EXPECT_EQ(position(test_time_ms + 1'001), 1);
  EXPECT_EQ(position(test_time_ms + 7'500), 7);
  EXPECT_EQ(position(test_time_ms + 19'999), 19);
  EXPECT_EQ(position(test_time_ms + 20'000), 20);
  EXPECT_EQ(position(INT64_MAX), 20);
  EXPECT_EQ(position(INT64_MIN), 0);
}

TEST_F(MessageTest, ReadersAreToldWithTheirNumber) {
  const Message sent = say(seller, "hello");
  const auto heard = ears.take();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].notice->kind, NoticeKind::message);
  EXPECT_EQ(heard[0].notice->seq, 1);
  EXPECT_EQ(heard[0].notice->data, base::to_text(render(sent, Form::whole)));
  EXPECT_EQ(heard[0].notice->browser_data, "");
}

TEST_F(MessageTest, BrowsersGetHtmlSanitised) {
  const std::string html = "<p onclick=x>a</p><script>b</script>";
  post(seller, {{.type = "html", .content = html, .sanitised = "<p>a</p>"}}).value();
  const Message message = list(0, 1).messages.at(0);
  EXPECT_EQ(render(message, Form::whole).at("content").as_string(), html);
  EXPECT_FALSE(render(message, Form::whole).contains("sanitized"));
  const auto shown = render(message, Form::for_browser);
  EXPECT_EQ(shown.at("content").as_string(), "<p>a</p>");
  EXPECT_TRUE(shown.at("sanitized").as_bool());
  const auto heard = ears.take();
  EXPECT_EQ(heard.at(0).notice->data, base::to_text(render(message, Form::whole)));
  EXPECT_EQ(heard.at(0).notice->browser_data, base::to_text(shown));
}

TEST_F(MessageTest, ARedactionErasesTheContent) {
  const Message first = say(seller, "a secret slip");
  const Message answer = post(buyer, {{.content = "b", .reply_to = first.id}}).value().at(0);
  ears.take();
  const auto redacted = redact(seller, first.id);
  ASSERT_EQ(code_of(redacted), "ok");
  Message expected = first;
  expected.content = "";
  expected.redacted = true;
  const std::string text = base::to_text(render(expected, Form::whole));
  EXPECT_TRUE(text.ends_with(R"("redacted":true})"));
  EXPECT_TRUE(text.contains(R"("content":"")"));
  EXPECT_EQ(base::to_text(render(*redacted, Form::whole)), text);
  EXPECT_EQ(base::to_text(render(list(0, 1).messages.at(0), Form::whole)), text);
  const auto heard = ears.take();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].notice->seq, 0);  // it is no new message
  EXPECT_EQ(heard[0].notice->data, text);
  EXPECT_EQ(audit(buyer.space).back(),
            "message.redacted " + first.id + " " + seller.key_id + R"( {"seq":1})");

  const auto entries = audit(buyer.space).size();
  EXPECT_EQ(code_of(redact(buyer, first.id)), "ok");  // it is so already
  EXPECT_EQ(audit(buyer.space).size(), entries);
  EXPECT_TRUE(ears.take().empty());
  EXPECT_EQ(list(0, 100).messages.at(1).content, answer.content);
}

TEST_F(MessageTest, WhoMayRedact) {
  const Message from_buyer = say(buyer, "a");
  const Message from_seller = say(seller, "b");
  write([&](Act& act) { return post_system_message(act, buyer.space, "c"); }).value();
  const auto refused = redact(seller, from_buyer.id);
  ASSERT_EQ(code_of(refused), "role_forbidden");
  EXPECT_EQ(std::get<std::string>(refused.error().details.at(0).value), "participant");
  EXPECT_EQ(std::get<std::vector<std::string>>(refused.error().details.at(1).value),
            std::vector<std::string>{"owner"});
  EXPECT_EQ(code_of(redact(buyer, from_seller.id)), "ok");
  EXPECT_EQ(code_of(redact(buyer, list(2, 1).messages.at(0).id)), "message_state");
  const auto missing = redact(buyer, buyer.id);
  ASSERT_EQ(code_of(missing), "not_found");
  EXPECT_EQ(std::get<std::string>(missing.error().details.at(0).value), "message");
  const Member stranger = open();
  EXPECT_EQ(code_of(redact(stranger, from_buyer.id)), "not_found");
  EXPECT_EQ(list(0, 1).messages.at(0).content, "a");
}

TEST_F(MessageTest, PollingFollowsTheAgeOfTheLastMessage) {
  Space space;
  EXPECT_EQ(polling_interval_ms(space, test_time_ms), 60'000);
  space.last_message_at_ms = test_time_ms;
  EXPECT_EQ(polling_interval_ms(space, test_time_ms), 2'000);
  EXPECT_EQ(polling_interval_ms(space, test_time_ms + 29'999), 2'000);
  EXPECT_EQ(polling_interval_ms(space, test_time_ms + 30'000), 5'000);
  EXPECT_EQ(polling_interval_ms(space, test_time_ms + 299'999), 5'000);
  EXPECT_EQ(polling_interval_ms(space, test_time_ms + 300'000), 15'000);
  EXPECT_EQ(polling_interval_ms(space, test_time_ms + 3'599'999), 15'000);
  EXPECT_EQ(polling_interval_ms(space, test_time_ms + 3'600'000), 60'000);
}

TEST_F(MessageTest, TheSameOnPostgres) {
  support::PostgresServer server;
  place = std::make_unique<Place>(server.folder(), clock, random, server.new_database());
  buyer = open();
  seller = add(buyer, "seller-agent");
  const Message first = say(buyer, "a");
  const auto both = post(
      seller, {{.content = "b", .reply_to = first.id, .mentions = {buyer.id}}, {.content = "c"}});
  ASSERT_EQ(code_of(both), "ok");
  EXPECT_EQ(both->at(1).seq, 3);
  EXPECT_EQ(both->at(1).at_ms, test_time_ms + 2);
  EXPECT_EQ(both->at(1).sender_name, "seller-agent");
  EXPECT_EQ(position(test_time_ms + 1), 2);
  EXPECT_EQ(code_of(redact(seller, both->at(0).id)), "ok");
  const MessagePage page = list(0, 100);
  ASSERT_EQ(page.messages.size(), 3U);
  EXPECT_EQ(page.messages[1].content, "");
  EXPECT_EQ(page.messages[1].mentions, std::vector<std::string>{buyer.id});
  set_last_seq(max_messages);
  EXPECT_EQ(code_of(post(buyer, {{.content = "d"}})), "limit_reached");
  place.reset();
}

}  // namespace
}  // namespace kronborg::spaces
