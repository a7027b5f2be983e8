#include <fmt/format.h>

#include "base/encoding.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/prompt.h"
#include "cli/space.h"
#include "cli/space_message.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t most_content = 65'536;
constexpr std::string_view page_of_messages = "/messages?limit=100";

struct TalkOptions {
  SpaceChoice choice;
  std::string text, message;
  std::string type = "text";
  std::optional<std::string> file, reply_to;
  int tail = 50;
  bool all = false;
};

/// The media type that the first bytes of an image tell; "" for anything else.
std::string_view image_type(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv)) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff"sv)) return "image/jpeg";
  if (bytes.starts_with("GIF87a"sv) || bytes.starts_with("GIF89a"sv)) return "image/gif";
  if (bytes.starts_with("RIFF"sv) &&
      bytes.substr(std::min<std::size_t>(8, bytes.size()), 4) == "WEBP")
    return "image/webp";
  return {};
}

Result<std::string> content_of(const TalkOptions& options) {
  const bool given = !options.text.empty() && options.text != "-";
  if (options.file && given)
    return Error(Code::usage, "the text is given twice", "give it as an argument or with --file");
  if (given) return options.text;
  if (!options.file && options.text.empty() && is_interactive()) {
    return Error(Code::usage, "there is nothing to send",
                 "give a text, '-' for standard input, or --file F");
  }
  TRY(auto content, read_input(options.file.value_or("-"), most_content));
  if (options.type == "image") {
    if (const auto type = image_type(content); !type.empty())
      return fmt::format("data:{};base64,{}", type, base::base64(base::bytes_of(content)));
  }
  if (!base::is_utf8(content))
    return Error(Code::usage, "that is not text in UTF-8", "an image is sent with --type image");
  if (options.type != "html" && content.ends_with('\n')) content.pop_back();
  return content;
}

/// The id of a message that is named by its id or its number.
Result<std::string> message_id(SpaceSession& session, StoredSpace& space,
                               const std::string& wanted) {
  if (base::is_uuid(wanted)) return base::lower(wanted);
  TRY(const auto messages, session.call(space, "GET", "/messages?tail=500"));
  for (const auto& message : array_of(messages.value, "messages")) {
    if (text_of(message, "seq") == wanted) return std::string(raw_of(message, "id"));
  }
  TRY(const auto found, chosen(array_of(messages.value, "messages"), "id", "", wanted, "message"));
  return std::string(raw_of(found, "id"));
}

Result<void> send(SpaceSession& session, StoredSpace& space, const TalkOptions& options) {
  TRY(const auto content, content_of(options));
  json::object body{{"content", content}};
  if (options.type != "text") body["type"] = options.type;
  if (options.reply_to) {
    TRY(const auto replied, message_id(session, space, *options.reply_to));
    body["replyTo"] = replied;
  }
  TRY(const auto reply, session.call(space, "POST", "/messages", body));
  session.context().show(reply.value, [&] {
    fmt::print("{}\n", text_of(reply.value, "seq"));
    print_warnings(reply.value);
  });
  return {};
}

/// Page by page, so that nothing has to fit into memory at once.
Result<void> read_all(SpaceSession& session, StoredSpace& space) {
  const bool json_wanted = session.context().json;
  json::array all;
  json::object last;
  std::string cursor;
  for (;;) {
    std::string page(page_of_messages);
    if (!cursor.empty()) page += "&cursor=" + segment(cursor);
    TRY(auto reply, session.call(space, "GET", page));
    for (const auto& message : array_of(reply.value, "messages")) {
      if (json_wanted) {
        all.push_back(message);
      } else {
        print_message(message);
      }
    }
    const std::string next(raw_of(reply.value, "cursor"));
    const bool more = flag_of(reply.value, "hasMore") && !next.empty() && next != cursor;
    cursor = next;
    if (more) continue;
    last = std::move(reply.value.get_object());
    break;
  }
  if (json_wanted) last["messages"] = std::move(all);
  session.context().show(last, [] {});
  return {};
}

Result<void> read(SpaceSession& session, StoredSpace& space, const TalkOptions& options) {
  if (options.all) return read_all(session, space);
  TRY(const auto reply, session.call(space, "GET", fmt::format("/messages?tail={}", options.tail)));
  session.context().show(reply.value, [&] {
    for (const auto& message : array_of(reply.value, "messages")) print_message(message);
    if (number_of(reply.value, "lastSeq") == 0) fmt::print(stderr, "nobody has said anything\n");
  });
  return {};
}

Result<void> redact(SpaceSession& session, StoredSpace& space, const TalkOptions& options) {
  TRY(const auto id, message_id(session, space, options.message));
  TRY(const auto reply, session.call(space, "DELETE", "/messages/" + segment(id)));
  session.context().show(reply.value, [] { fmt::print("its content is erased\n"); });
  return {};
}

}  // namespace

void add_space_talk(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<TalkOptions>();
  const auto work = [&context, options](auto verb) {
    return [&context, options, verb] {
      return in_space(context, options->choice,
                      [&](auto& session, auto& space) { return verb(session, space, *options); });
    };
  };
  auto* sent =
      takes_space(noun.verb("send", "send a message; prints its number",
                            "kronborg space send 'Licence renewal' 'Our offer is 38,000 per year.'",
                            work(send)),
                  options->choice);
  sent->add_option("text", options->text, "the message; '-' or nothing: standard input");
  sent->add_option("--file", options->file, "file with the message, or with the image");
  sent->add_option("--type", options->type,
                   "text (default), html, or image: a PNG, JPEG, GIF or WebP file, or an https URL")
      ->check(CLI::IsMember({"text", "html", "image"}));
  sent->add_option("--reply-to", options->reply_to, "number or id of the message that it answers");
  auto* shown =
      takes_space(noun.verb("read", "read messages; ✓ marks a proven address",
                            "kronborg space read 'Licence renewal' --tail 20", work(read)),
                  options->choice);
  shown->add_option("--tail", options->tail, "the last N messages, default 50")
      ->check(CLI::Range(0, 500));
  shown->add_flag("--all", options->all, "all of them, from the first");
  takes_space(noun.verb("redact", "erase the content of a message",
                        "kronborg space redact 'Licence renewal' 12", work(redact)),
              options->choice)
      ->add_option("message", options->message, "its number, its id or the start of that")
      ->required();
}

}  // namespace kronborg::cli
