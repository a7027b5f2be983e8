#include <fmt/format.h>

#include "app/settings.h"
#include "cli/space.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t most_signature_bytes = 1024;

struct IdentityOptions {
  SpaceChoice choice;
  std::string address, document;
  std::optional<std::string> signature_file, intent;
  std::optional<std::int64_t> revision;
};

/// The text is shown for the wallet of the address; what it answers is read.
Result<std::string> signature_over(std::string_view message, const IdentityOptions& options) {
  fmt::print(
      stderr,
      "Let the wallet of the address sign this text (personal_sign), then give the signature,\n"
      "0x and 130 digits, on standard input:\n\n");
  fmt::print(stderr, "{}\n\n", many_lines(message));
  TRY(auto signature, read_input(options.signature_file.value_or("-"), most_signature_bytes));
  while (!signature.empty() && (signature.back() == '\n' || signature.back() == ' ')) {
    signature.pop_back();
  }
  return signature;
}

Result<void> prove(SpaceSession& session, StoredSpace& space, const IdentityOptions& options) {
  TRY(const auto challenge, session.call(space, "POST", "/identity/challenge",
                                         json::object{{"address", options.address}}));
  TRY(const auto signature, signature_over(raw_of(challenge.value, "message"), options));
  TRY(const auto reply,
      session.call(space, "POST", "/identity",
                   json::object{{"challengeId", raw_of(challenge.value, "challengeId")},
                                {"signature", signature}}));
  session.context().show(reply.value,
                         [&] { fmt::print("proven: {}\n", text_of(reply.value, "address")); });
  return {};
}

Result<void> unprove(SpaceSession& session, StoredSpace& space, const IdentityOptions&) {
  TRY(const auto reply, session.call(space, "DELETE", "/identity"));
  session.context().show(reply.value, [] { fmt::print("the address is given up\n"); });
  return {};
}

Result<void> sign(SpaceSession& session, StoredSpace& space, const IdentityOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  std::string path = "/artifacts/" + id;
  TRY(const auto current, session.call(space, "GET", path));
  const std::int64_t number = options.revision.value_or(number_of(current.value, "revision"));
  TRY(const auto revision,
      session.call(space, "GET", path + "/revisions/" + std::to_string(number)));
  TRY(const auto me, session.call(space, "GET", ""));
  std::string address;
  for (const auto& one : array_of(me.value, "participants")) {
    if (raw_of(one, "participantId") == space.participant_id) address = raw_of(one, "address");
  }
  if (address.empty()) {
    return Error(Code::identity_required, "no address of yours is proven in this space",
                 "prove one first: kronborg space prove");
  }
  const std::string intent = options.intent.value_or("approve");
  const std::string sha256(raw_of(revision.value, "sha256"));
  // docs/protocol/spaces.md section 9.4. The origin that signs is that of the server.
  TRY(const auto resource,
      call_server(space.server, {.path = "/.well-known/oauth-protected-resource"}));
  const std::string message = fmt::format(
      "kronborg artifact sign-off v1\norigin: {}\nspace: {}\nartifact: {}\nrevision: {}\nsha256: "
      "{}\nintent: {}\naddress: {}",
      raw_of(resource.value, "resource"), space.space_id, id, number, sha256, intent, address);
  TRY(const auto signature, signature_over(message, options));
  TRY(const auto reply, session.call(space, "POST", path + "/signatures",
                                     json::object{{"revision", number},
                                                  {"sha256", sha256},
                                                  {"intent", intent},
                                                  {"signature", signature}}));
  session.context().show(reply.value, [&] {
    fmt::print("signed: revision {} by {}\n", number, text_of(reply.value, "address"));
  });
  return {};
}

using Do = Result<void> (*)(SpaceSession&, StoredSpace&, const IdentityOptions&);

CLI::App* about_space(const Shell& noun, const std::shared_ptr<IdentityOptions>& options,
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

void add_space_signing(const Shell& artifact) {
  auto options = std::make_shared<IdentityOptions>();
  auto* signed_off =
      about_space(artifact, options, "sign", "sign a revision off with your proven address",
                  "kronborg space artifact sign 'Licence renewal' agreement.md", sign);
  signed_off->add_option("document", options->document, "id, the start of it, or name")->required();
  signed_off->add_option("--revision", options->revision, "default: the current one");
  signed_off->add_option("--intent", options->intent, "approve (default) or acknowledge")
      ->check(CLI::IsMember({"approve", "acknowledge"}));
  signed_off->add_option("--signature-file", options->signature_file, "file with the signature");
}

void add_space_identity(const Shell& noun) {
  auto options = std::make_shared<IdentityOptions>();
  auto* proven = about_space(noun, options, "prove", "prove that an address is yours",
                             "kronborg space prove 'Licence renewal' "
                             "0x2561ef44A9Df821a95f9Eb83353d809f7DfDfEc6",
                             prove);
  proven->add_option("address", options->address, "0x and 40 hexadecimal digits")->required();
  proven->add_option("--signature-file", options->signature_file, "file with the signature");
  about_space(noun, options, "unprove", "give up a proven address",
              "kronborg space unprove 'Licence renewal'", unprove);
}

}  // namespace kronborg::cli
