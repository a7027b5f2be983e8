#include <fmt/format.h>

#include "base/bytes.h"
#include "base/encoding.h"
#include "cli/space.h"
#include "cli/space_signature.h"
#include "cli/space_text.h"
#include "crypto/hash.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

struct SigningOptions {
  SpaceChoice choice;
  std::string document;
  std::string intent = "approve";
  std::optional<std::int64_t> revision;
  std::optional<std::string> signature_file, origin;
};

/// docs/protocol/spaces.md section 9.4, to the letter.
std::string text_to_sign(std::string_view origin, const StoredSpace& space, const json::object& of,
                         std::string_view artifact, std::string_view address) {
  return fmt::format(
      "kronborg artifact sign-off v1\norigin: {}\nspace: {}\nartifact: {}\nrevision: {}\n"
      "sha256: {}\nintent: {}\naddress: {}",
      origin, space.space_id, artifact, number_of(of, "revision"), raw_of(of, "sha256"),
      raw_of(of, "intent"), address);
}

/// The origin that the server takes itself for, when it is the one that is spoken to.
Result<std::string> origin_of(const StoredSpace& space, const SigningOptions& options) {
  if (options.origin) return *options.origin;
  TRY(const auto metadata,
      call_server(space.server, {.path = "/.well-known/oauth-protected-resource"}));
  const auto origin = raw_of(metadata.value, "resource");
  TRY_VOID(require_origin(origin, space.server, std::nullopt));
  return std::string(origin);
}

Result<std::string> own_address(SpaceSession& session, StoredSpace& space) {
  TRY(const auto people, session.all_of(space, "/participants?limit=200", "participants"));
  for (const auto& one : people) {
    if (raw_of(one, "participantId") != space.participant_id) continue;
    const auto address = raw_of(one, "address");
    if (is_address(address)) return std::string(address);
  }
  return Error(Code::identity_required, "a sign-off needs a proven address",
               "prove yours first: kronborg space prove " + space.space_id + " --address 0x…");
}

Result<void> sign(SpaceSession& session, StoredSpace& space, const SigningOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  TRY(const auto address, own_address(session, space));
  TRY(const auto origin, origin_of(space, options));
  auto path = "/artifacts/" + segment(id);
  const auto document = path;
  if (options.revision) path += fmt::format("/revisions/{}", *options.revision);
  TRY(const auto signed_off, session.call(space, "GET", path));
  json::object body{{"revision", number_of(signed_off.value, "revision")},
                    {"sha256", raw_of(signed_off.value, "sha256")},
                    {"intent", options.intent}};
  // What is signed is what can be read, not what the server says of it.
  const auto content = base::bytes_of(raw_of(signed_off.value, "content"));
  if (raw_of(body, "sha256") != base::hex(crypto::sha256(content))) {
    return Error(Code::server_unreachable, "the hash that the server names is not of this content",
                 "do not sign it");
  }
  const auto message = text_to_sign(origin, space, body, id, address);
  if (session.context().json && !options.signature_file) {
    body["message"] = message;
    session.context().show(body, [] {});
    return {};
  }
  TRY(const auto signature,
      signed_by_wallet(
          message, options.signature_file,
          fmt::format("kronborg space artifact sign {} {} --revision {} --intent {} "
                      "--signature-file F",
                      space.space_id, id, number_of(body, "revision"), options.intent)));
  if (!signature) return {};
  body["signature"] = *signature;
  TRY(const auto reply, session.call(space, "POST", document + "/signatures", body));
  session.context().show(reply.value, [&] {
    fmt::print("revision {} is signed off by {}\n", number_of(reply.value, "revision"),
               text_of(reply.value, "address"));
  });
  return {};
}

Result<void> signatures(SpaceSession& session, StoredSpace& space, const SigningOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  auto path = "/artifacts/" + segment(id) + "/signatures";
  if (options.revision) path += fmt::format("?revision={}", *options.revision);
  TRY(const auto listed, session.all_of(space, path, "signatures"));
  session.context().show(json::object{{"signatures", listed}}, [&] {
    Table table({"REVISION", "INTENT", "ADDRESS", "SIGNED", "SHA-256"});
    for (const auto& one : listed) {
      table.add({text_of(one, "revision"), text_of(one, "intent"), text_of(one, "address"),
                 date_of(one, "signedAt"), text_of(one, "sha256")});
    }
    table.print("nobody has signed it off");
  });
  return {};
}

}  // namespace

void add_space_signing(const Shell& artifact) {
  auto& context = artifact.context;
  auto options = std::make_shared<SigningOptions>();
  const auto verb = [&](const char* name, const char* summary, const char* example, auto work) {
    auto* made = takes_space(
        artifact.verb(name, summary, example,
                      [&context, options, work] {
                        return in_space(context, options->choice, [&](auto& session, auto& space) {
                          return work(session, space, *options);
                        });
                      }),
        options->choice);
    made->add_option("document", options->document, "its id, the start of it, or its name")
        ->required();
    made->add_option("--revision", options->revision, "which one");
    return made;
  };
  auto* signing = verb("sign", "sign a revision off; your wallet signs the text that is printed",
                       "kronborg space artifact sign 'Licence renewal' terms --revision 3", sign);
  signing->add_option("--intent", options->intent, "approve (default) or acknowledge")
      ->check(CLI::IsMember({"approve", "acknowledge"}));
  signing->add_option("--signature-file", options->signature_file,
                      "file with the signature ('-': standard input)");
  signing->add_option("--origin", options->origin,
                      "the origin of the server, when it is not its address");
  verb("signatures", "list the sign-offs of a document",
       "kronborg space artifact signatures 'Licence renewal' terms", signatures);
}

}  // namespace kronborg::cli
