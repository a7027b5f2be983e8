#include <fmt/format.h>

#include "cli/space.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t most_document_bytes = 1'048'576;

struct DocumentOptions {
  SpaceChoice choice;
  std::string document;
  std::optional<std::string> file, name, note, media_type, lease, wait;
  std::optional<std::int64_t> revision, token;
  bool force = false;
};

void print_document(const json::value& document) {
  fmt::print("{}  {}  revision {}  {} bytes  by {}\n", text_of(document, "artifactId"),
             one_line(raw_of(document, "name")), text_of(document, "revision"),
             text_of(document, "size"), one_line(raw_of(inner(document, "updatedBy"), "name")));
}

Result<void> list(SpaceSession& session, StoredSpace& space, const DocumentOptions&) {
  TRY(const auto all, session.all_of(space, "/artifacts", "artifacts"));
  session.context().show(json::object{{"artifacts", all}}, [&] {
    Table table({"ID", "NAME", "REVISION", "BYTES", "CHANGED", "BY", "LOCKED BY", "SIGNED"});
    for (const auto& one : all) {
      table.add({text_of(one, "artifactId").substr(0, 8), one_line(raw_of(one, "name")),
                 text_of(one, "revision"), text_of(one, "size"), date_of(one, "updatedAt"),
                 one_line(raw_of(inner(one, "updatedBy"), "name")),
                 one_line(raw_of(inner(one, "lock"), "lockedByName")),
                 text_of(one, "signatureCount")});
    }
    table.print("no documents: kronborg space artifact create");
  });
  return {};
}

/// What was read is remembered: a later write then overwrites nothing that was not seen.
Result<void> remember(SpaceSession& session, StoredSpace& space, const std::string& id,
                      const json::value& document) {
  const auto hash = raw_of(document, "sha256");
  space.read[id] = fmt::format("\"{}-{}\"", text_of(document, "revision"), hash.substr(0, 16));
  return session.keep(space);
}

Result<void> show(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  std::string path = "/artifacts/" + id;
  if (options.revision) path += "/revisions/" + std::to_string(*options.revision);
  TRY(const auto reply, session.call(space, "GET", path));
  if (!options.revision) TRY_VOID(remember(session, space, id, reply.value));
  session.context().show(reply.value,
                         [&] { fmt::print("{}", many_lines(raw_of(reply.value, "content"))); });
  return {};
}

Result<void> create(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  json::object body{{"name", options.document}};
  if (options.file) {
    TRY(const auto content, read_input(*options.file, most_document_bytes));
    body["content"] = content;
  }
  put_text(body, "mediaType", options.media_type);
  put_text(body, "note", options.note);
  TRY(const auto reply, session.call(space, "POST", "/artifacts", body));
  TRY_VOID(remember(session, space, std::string(raw_of(reply.value, "artifactId")), reply.value));
  session.context().show(reply.value, [&] { print_document(reply.value); });
  return {};
}

Result<void> write(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  TRY(const auto content, read_input(options.file.value_or("-"), most_document_bytes));
  json::object body{{"content", content}};
  put_text(body, "note", options.note);
  put_text(body, "name", options.name);
  if (options.token) body["fencingToken"] = *options.token;
  Fields fields;
  const auto read = space.read.find(id);
  if (!options.force && !options.token) {
    if (read == space.read.end()) {
      return Error(Code::usage, "this document was not read on this machine yet",
                   "read it first with 'kronborg space artifact show', or give --force");
    }
    fields.emplace_back("If-Match", read->second);
  }
  TRY(const auto reply, session.call(space, "PUT", "/artifacts/" + id, body, std::move(fields)));
  TRY_VOID(remember(session, space, id, reply.value));
  session.context().show(reply.value, [&] { print_document(reply.value); });
  return {};
}

Result<void> history(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  TRY(const auto all, session.all_of(space, "/artifacts/" + id + "/revisions", "revisions"));
  session.context().show(json::object{{"revisions", all}}, [&] {
    Table table({"REVISION", "WHEN", "BY", "BYTES", "SIGNED", "NOTE"});
    for (const auto& one : all) {
      table.add({text_of(one, "revision"), date_of(one, "createdAt"),
                 one_line(raw_of(inner(one, "createdBy"), "name")), text_of(one, "size"),
                 text_of(one, "signatureCount"), one_line(raw_of(one, "note"))});
    }
    table.print("no revisions");
  });
  return {};
}

Result<void> remove(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  TRY(const auto reply, session.call(space, "DELETE", "/artifacts/" + id));
  session.context().show(reply.value, [] { fmt::print("deleted; its contents are erased\n"); });
  return {};
}

Result<void> lock(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  json::object body;
  TRY_VOID(put_seconds(body, "leaseSeconds", options.lease, "--lease"));
  TRY_VOID(put_seconds(body, "wait", options.wait, "--wait"));
  TRY(const auto reply, session.call(space, "POST", "/artifacts/" + id + "/lock", body));
  session.context().show(reply.value, [&] {
    fmt::print("{}\n", text_of(reply.value, "fencingToken"));
    fmt::print(stderr, "locked until {}; write with --token\n",
               clock_of(reply.value, "lockExpiresAt"));
  });
  return {};
}

Result<void> unlock(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  json::object body;
  if (options.token) body["fencingToken"] = *options.token;
  if (options.force) body["force"] = true;
  TRY(const auto reply, session.call(space, "POST", "/artifacts/" + id + "/unlock", body));
  session.context().show(reply.value, [] { fmt::print("unlocked\n"); });
  return {};
}

using Do = Result<void> (*)(SpaceSession&, StoredSpace&, const DocumentOptions&);

CLI::App* about_space(const Shell& noun, const std::shared_ptr<DocumentOptions>& options,
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

CLI::App* about_document(const Shell& noun, const std::shared_ptr<DocumentOptions>& options,
                         const char* name, const char* summary, const char* example, Do work) {
  auto* verb = about_space(noun, options, name, summary, example, work);
  verb->add_option("document", options->document, "id, the start of it, or name")->required();
  return verb;
}

}  // namespace

void add_space_documents(const Shell& space) {
  const auto noun = space.noun("artifact", "the shared documents of a space");
  auto options = std::make_shared<DocumentOptions>();
  about_space(noun, options, "list", "list the documents",
              "kronborg space artifact list 'Licence renewal'", list);
  about_document(noun, options, "show", "print a document",
                 "kronborg space artifact show 'Licence renewal' agreement.md > agreement.md", show)
      ->add_option("--revision", options->revision, "an earlier revision");
  auto* made = about_document(noun, options, "create", "make a document of that name",
                              "kronborg space artifact create 'Licence renewal' agreement.md "
                              "--file agreement.md",
                              create);
  made->add_option("--file", options->file, "its content; '-': standard input; default: empty");
  made->add_option("--type", options->media_type, "text/markdown, text/plain or application/json");
  made->add_option("--note", options->note, "of the first revision");
  auto* written =
      about_document(noun, options, "write", "write a new revision, on top of what was read",
                     "kronborg space artifact write 'Licence renewal' agreement.md "
                     "--file agreement.md --note price",
                     write);
  written->add_option("--file", options->file, "its content; default: standard input");
  written->add_option("--note", options->note, "what changed");
  written->add_option("--rename", options->name, "its new name");
  written->add_option("--token", options->token, "fencing token of your lock");
  written->add_flag("--force", options->force, "whatever others wrote meanwhile");
  about_document(noun, options, "history", "list the revisions of a document",
                 "kronborg space artifact history 'Licence renewal' agreement.md", history);
  about_document(noun, options, "delete", "delete a document and all of its contents",
                 "kronborg space artifact delete 'Licence renewal' agreement.md", remove);
  auto* locked = about_document(noun, options, "lock", "be the only one who writes, for a while",
                                "kronborg space artifact lock 'Licence renewal' agreement.md "
                                "--lease 2m",
                                lock);
  locked->add_option("--lease", options->lease, "10s to 10m; default 60s");
  locked->add_option("--wait", options->wait, "wait for it so long, up to 30s");
  auto* freed = about_document(noun, options, "unlock", "give the lock back",
                               "kronborg space artifact unlock 'Licence renewal' agreement.md "
                               "--token 7",
                               unlock);
  freed->add_option("--token", options->token, "fencing token of the lock");
  freed->add_flag("--force", options->force, "the owner: any lock; others: their own");
  add_space_signing(noun);
}

}  // namespace kronborg::cli
