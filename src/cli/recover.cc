#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/keystore_options.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "cli/recovery.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

struct RecoverOptions {
  KeystoreOptions keystore;
  std::optional<std::string> bundle;
  std::optional<std::string> code_file;
  std::optional<std::string> words_file;
  bool keep_keys = false;
  bool revoke_earlier = false;
};

std::optional<std::filesystem::path> as_path(const std::optional<std::string>& text) {
  return text ? std::optional<std::filesystem::path>(*text) : std::nullopt;
}

/// An identity stays unless --replace says otherwise; one whose keystore is gone may come back.
Result<void> make_room(Context& context, const RecoverOptions& options, const std::string& survivor,
                       json::object& request) {
  if (options.keystore.replace) {
    TRY(const auto typed, confirm_replacement(context, survivor));
    request["replace"] = typed;
    return {};
  }
  TRY(auto* client, context.client());
  TRY(const auto current, client->call("GET", "/api/v1/identity", std::nullopt));
  if (current.ok() && !text_of(current.value, "unlockWith").empty()) {
    return Error(Code::identity_exists, {}, "Keep it, or replace it with --replace.");
  }
  return {};
}

/// Words hold no revocations, a bundle those of its time: what becomes of the keys of before.
Result<bool> keeps_earlier_keys(const RecoverOptions& options, const json::value& bundle) {
  if (options.keep_keys || options.revoke_earlier) return options.keep_keys;
  if (options.words_file) {
    TRY(const auto typed,
        read_line("words hold no revocations: keep or revoke the keys made before? [keep/revoke]",
                  "--keep-keys or --revoke-earlier"));
    if (typed == "keep") return true;
    if (typed == "revoke") return false;
    return Error(Code::usage, "neither keep nor revoke", "type one of the two words");
  }
  if (!is_interactive()) return true;
  fmt::print(stderr, "The bundle is of {}. Revocations made later are not in it.\n",
             updated_text(bundle));
  TRY(const auto typed,
      read_line("revoke every key that the identity issued until now? [y/N]", "--revoke-earlier"));
  return !(typed == "y" || typed == "yes");
}

Result<json::object> read_source(const RecoverOptions& options, const json::value& bundle,
                                 const std::optional<std::string>& text) {
  json::object request;
  if (options.words_file) {
    TRY(const auto words, read_secret(as_path(options.words_file), "24 words", "--words-file F"));
    request["words"] = words.reveal();
  } else {
    TRY(const auto code, read_secret(as_path(options.code_file), "recovery code", "--code-file F"));
    request["code"] = code.reveal();
    if (text) request["bundle"] = *text;
  }
  TRY(const bool keep, keeps_earlier_keys(options, bundle));
  request["keepKeys"] = keep;
  return request;
}

Result<Reply> recover_now(Context& context, const RecoverOptions& options) {
  std::optional<std::string> text;
  json::value bundle;
  if (!options.words_file) {
    TRY(text, read_bundle(context, options.bundle));
    bundle = readable_part(*text);
  }
  json::object room;
  TRY_VOID(make_room(context, options, text_of_member(bundle, "address"), room));
  TRY(auto request, read_source(options, bundle, text));
  for (const auto& member : room) request.insert(member);
  TRY_VOID(options.keystore.fill(context, request));
  return context.call("POST", "/api/v1/identity/recover", request);
}

void tell(const json::value& value, bool words) {
  Facts facts;
  facts.add("master address", text_of(value, "masterAddress"));
  facts.add("device id", text_of(value, "deviceId"));
  facts.add("keystore", text_of(value, "keystore"));
  facts.add("agents", base::to_text(value.at("agents")));
  facts.add("recovery code", text_of(value, "recoveryCode"));
  facts.print();
  fmt::print(stderr,
             "\nWrite the new recovery code down: it is shown once. The old one does not open the "
             "new bundle;\ncopies of the old bundle kept elsewhere still open with it.\n");
  const auto master = text_of(value, "masterAddress");
  if (words) {
    fmt::print(stderr,
               "hint: bring the agents back with 'kronborg agent import NAME --index N --scope S'; "
               "their earlier keys are\nvalid again then, unless 'kronborg key revoke-issuer "
               "ADDRESS' says otherwise\n");
  } else {
    fmt::print(stderr,
               "hint: the bundle was of {}; revocations made later are not in it. To revoke every "
               "earlier key of the\nidentity: 'kronborg key revoke-issuer {}'\n",
               date_of(value, "bundleUpdatedAt"), master);
  }
}

int recover(Context& context, const RecoverOptions& options) {
  const auto reply = recover_now(context, options);
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] { tell(reply->value, options.words_file.has_value()); });
}

}  // namespace

void add_recover_command(const Shell& shell) {
  auto& context = shell.context;
  auto options = std::make_shared<RecoverOptions>();
  auto* command = shell.verb("recover", "bring an identity back from its bundle or its words",
                             "kronborg recover --bundle /media/backup/recovery.json",
                             [&context, options] { return recover(context, *options); });
  auto* bundle = command->add_option("--bundle", options->bundle,
                                     "the recovery bundle; else the one in the data folder");
  auto* code = command->add_option("--code-file", options->code_file,
                                   "file with the recovery code ('-': standard input)");
  auto* words = command->add_option("--words-file", options->words_file,
                                    "file with the 24 words ('-': standard input)");
  words->excludes(bundle)->excludes(code);
  auto* keep = command->add_flag("--keep-keys", options->keep_keys,
                                 "keys made before stay valid, as far as they were");
  command
      ->add_flag("--revoke-earlier", options->revoke_earlier,
                 "keys that the identity issued until now are revoked")
      ->excludes(keep);
  options->keystore.add_to(*command);
}

}  // namespace kronborg::cli
