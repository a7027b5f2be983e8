#include <fmt/format.h>

#include "cli/space.h"
#include "cli/space_text.h"
#include "cli/space_watch.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t most_message_bytes = 65'536;

struct TalkOptions {
  SpaceChoice choice;
  std::string text, message;
  std::optional<std::string> file, type, reply_to;
  std::optional<int> tail;
  bool all = false;
};

Result<void> send(SpaceSession& session, StoredSpace& space, const TalkOptions& options) {
  std::string content = options.text;
  if (options.file || content == "-" || content.empty()) {
    if (!content.empty() && content != "-") return Error(Code::usage, "the text is given twice");
    TRY(content, read_input(options.file.value_or("-"), most_message_bytes));
    if (!options.type && content.ends_with('\n')) content.pop_back();
  }
  json::object body{{"content", content}};
  put_text(body, "type", options.type);
  put_text(body, "replyTo", options.reply_to);
  TRY(const auto reply, session.call(space, "POST", "/messages", body));
  session.context().show(reply.value, [&] {
    fmt::print("{}\n", text_of(reply.value, "seq"));
    print_warnings(reply.value);
  });
  return {};
}

Result<void> read(SpaceSession& session, StoredSpace& space, const TalkOptions& options) {
  json::array messages;
  if (options.all) {
    TRY(messages, session.all_of(space, "/messages?limit=500", "messages"));
  } else {
    TRY(const auto reply,
        session.call(space, "GET",
                     "/messages?limit=500&tail=" + std::to_string(options.tail.value_or(20))));
    messages = array_of(reply.value, "messages");
  }
  session.context().show(json::object{{"messages", messages}}, [&] {
    for (const auto& message : messages) print_message(message);
    if (messages.empty()) fmt::print(stderr, "nothing has been said yet\n");
  });
  return {};
}

Result<void> redact(SpaceSession& session, StoredSpace& space, const TalkOptions& options) {
  TRY(const auto reply, session.call(space, "DELETE", "/messages/" + segment(options.message)));
  session.context().show(reply.value, [] { fmt::print("its content is erased\n"); });
  return {};
}

using Do = Result<void> (*)(SpaceSession&, StoredSpace&, const TalkOptions&);

CLI::App* about_space(const Shell& noun, const std::shared_ptr<TalkOptions>& options,
                      const char* name, const char* summary, const char* example, Do work) {
  auto& context = noun.context;
  return takes_space(noun.verb(name, summary, example,
                               [&context, options, work] {
                                 return in_space(context, options->choice,
                                                 [&](auto& session, auto& space) {
                                                   return work(session, space, *options);
                                                 });
                               }),
                     options->choice);
}

}  // namespace

void print_message(const json::value& message) {
  const auto& sender = inner(message, "sender");
  const std::string text =
      flag_of(message, "redacted") ? "(redacted)" : one_line(raw_of(message, "content"));
  fmt::print("{:>5}  {}  {} {}  {}\n", text_of(message, "seq"), clock_of(message, "timestamp"),
             mark(flag_of(sender, "verified")), one_line(raw_of(sender, "name")), text);
}

void add_space_talk(const Shell& noun) {
  auto options = std::make_shared<TalkOptions>();
  auto* sent = about_space(noun, options, "send", "say something in a space",
                           "kronborg space send 'Licence renewal' 'We can do 41,000.'", send);
  sent->add_option("text", options->text, "the text; '-' or nothing: standard input");
  sent->add_option("--file", options->file, "file with the text");
  sent->add_option("--type", options->type, "text, html or image")
      ->check(CLI::IsMember({"text", "html", "image"}));
  sent->add_option("--reply-to", options->reply_to, "id of the message that it answers");
  auto* shown = about_space(noun, options, "read", "what was said in a space",
                            "kronborg space read 'Licence renewal' --tail 50", read);
  shown->add_option("--tail", options->tail, "the last so many, 1 to 500; default 20")
      ->check(CLI::Range(1, 500));
  shown->add_flag("--all", options->all, "everything");
  about_space(noun, options, "redact", "erase the content of a message",
              "kronborg space redact 'Licence renewal' 91df5726-…", redact)
      ->add_option("message", options->message, "its id, from 'kronborg space read --json'")
      ->required();
}

}  // namespace kronborg::cli
