#include "cli/recovery.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/prompt.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t max_bundle_bytes = std::size_t{33} << 20U;

struct DrillOptions {
  std::optional<std::string> bundle;
  std::optional<std::string> code_file;
};

Result<Reply> rehearse(Context& context, const DrillOptions& options) {
  TRY(const auto text, read_bundle(context, options.bundle));
  std::optional<std::filesystem::path> file;
  if (options.code_file) file = *options.code_file;
  TRY(const auto code, read_secret(file, "recovery code", "--code-file F"));
  return context.call("POST", "/api/v1/identity/recovery/drill",
                      json::object{{"bundle", text}, {"code", code.reveal()}});
}

int drill(Context& context, const DrillOptions& options) {
  const auto reply = rehearse(context, options);
  if (!reply) return context.fail(reply.error());
  const bool matches = flag_of(reply->value, "matches");
  context.show(reply->value, [&] {
    fmt::print("{} {}\n", text_of(reply->value, "masterAddress"),
               matches ? "matches" : "is another identity");
    fmt::print(stderr, "agents {}, bundle of {}\n", base::to_text(reply->value.at("agents")),
               date_of(reply->value, "bundleUpdatedAt"));
  });
  return matches ? done : local_error;
}

int new_code(Context& context) {
  const auto secret = context.opening_secret();
  if (!secret) return context.fail(secret.error());
  const auto reply = context.call("POST", "/api/v1/identity/recovery/code", *secret);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("{}\n", text_of(reply->value, "recoveryCode"));
    fmt::print(stderr,
               "Write it down: it is shown once. The old code does not open the new bundle; copies "
               "of the old bundle kept\nelsewhere still open with it.\n");
  });
}

int words(Context& context) {
  const auto secret = context.opening_secret();
  if (!secret) return context.fail(secret.error());
  const auto reply = context.call("POST", "/api/v1/identity/recovery/words", *secret);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("{}\n", text_of(reply->value, "words"));
    fmt::print(stderr,
               "These words are the master key: whoever has them is this identity. They hold no "
               "agents and no revocations.\n");
  });
}

}  // namespace

Result<std::string> read_bundle(const Context& context, const std::optional<std::string>& file) {
  std::filesystem::path path;
  if (file) {
    path = *file;
  } else {
    TRY(path, context.folder());
    path /= "recovery.json";
  }
  std::error_code unknown;
  if (!file && !std::filesystem::exists(path, unknown)) {
    return Error(Code::not_found, "there is no recovery bundle in the data folder",
                 "name one with --bundle: a copy of recovery.json");
  }
  TRY(auto text, base::read_file(path, max_bundle_bytes));
  if (text.empty() || !base::is_utf8(text)) {
    return Error(Code::bundle_unsupported, path.string() + " is no recovery bundle",
                 "name a copy of recovery.json");
  }
  return text;
}

json::value readable_part(std::string_view bundle) {
  auto value = base::parse_json(bundle);
  return value ? *std::move(value) : json::value();
}

std::string text_of_member(const json::value& bundle, std::string_view member) {
  return bundle.is_object() ? text_of(bundle, member) : std::string();
}

std::string updated_text(const json::value& bundle) {
  const json::object* const object = bundle.if_object();
  const json::value* const updated =
      object == nullptr ? nullptr : object->if_contains("updated_at");
  const std::int64_t* const seconds = updated == nullptr ? nullptr : updated->if_int64();
  constexpr std::int64_t year_9999 = 253'402'300'799;
  if (seconds == nullptr || *seconds < 0 || *seconds > year_9999) return "an unknown time";
  return base::iso_time(*seconds * 1000);
}

void add_recovery_commands(const Shell& shell) {
  add_recover_command(shell);
  const Shell recovery =
      shell.noun("recovery", "rehearse a recovery, change the code, see the words");
  auto& context = shell.context;
  auto options = std::make_shared<DrillOptions>();
  auto* command = recovery.verb("drill", "open the bundle with the code, and change nothing",
                                "kronborg recovery drill --bundle /media/backup/recovery.json",
                                [&context, options] { return drill(context, *options); });
  command->add_option("--bundle", options->bundle,
                      "the recovery bundle; else the one in the data folder");
  command->add_option("--code-file", options->code_file,
                      "file with the recovery code ('-': standard input)");
  recovery.verb("new-code", "make a new recovery code; the old one opens the bundle no more",
                "kronborg recovery new-code", [&context] { return new_code(context); });
  recovery.verb("words", "show the master key as 24 words",
                "kronborg recovery words > /media/safe/words.txt",
                [&context] { return words(context); });
}

}  // namespace kronborg::cli
