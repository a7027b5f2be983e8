#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/space.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t most_content = std::size_t{1} << 20U;
constexpr std::size_t tag_digits = 16;

struct DocumentOptions {
  SpaceChoice choice;
  std::string document, source;
  std::optional<std::string> file, note, media_type, rename;
  std::optional<std::int64_t> revision, base, token;
  bool force = false;
};

std::string by(const json::value& writer) {
  return person(raw_of(writer, "name"), raw_of(writer, "participantId"));
}

/// docs/protocol/spaces.md section 9.1.
std::string etag_of(const json::value& artifact) {
  return fmt::format("\"{}-{}\"", number_of(artifact, "revision"),
                     raw_of(artifact, "sha256").substr(0, tag_digits));
}

/// What a later write is based on.
Result<void> remember(SpaceSession& session, StoredSpace& space, const json::value& artifact) {
  const std::string id(raw_of(artifact, "artifactId"));
  const auto tag = etag_of(artifact);
  const auto known = space.read.find(id);
  if (known != space.read.end() && known->second == tag) return {};
  return session.keep(space, [&](StoredSpace& kept) { kept.read.insert_or_assign(id, tag); });
}

Result<void> list(SpaceSession& session, StoredSpace& space, const DocumentOptions&) {
  TRY(const auto artifacts, session.all_of(space, "/artifacts?limit=500", "artifacts"));
  session.context().show(json::object{{"artifacts", artifacts}}, [&] {
    Table table({"ID", "NAME", "REVISION", "BYTES", "SIGNED", "UPDATED", "BY", "LOCK"});
    for (const auto& item : artifacts) {
      const auto& lock = inner(item, "lock");
      table.add(
          {text_of(item, "artifactId"), one_line(raw_of(item, "name")), text_of(item, "revision"),
           text_of(item, "size"), text_of(item, "signatureCount"), date_of(item, "updatedAt"),
           by(inner(item, "updatedBy")),
           lock.is_object() ? person(raw_of(lock, "lockedByName"), raw_of(lock, "lockedBy")) : ""});
    }
    table.print("no documents: kronborg space artifact create SPACE NAME");
  });
  return {};
}

/// Standard output gets the content as it is, a terminal what it may show.
void print_content(const json::value& artifact) {
  const auto content = raw_of(artifact, "content");
  if (isatty(STDOUT_FILENO) == 0) {
    fmt::print("{}", content);
    return;
  }
  fmt::print("{}{}", many_lines(content), content.empty() || content.ends_with('\n') ? "" : "\n");
}

Result<void> show(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  auto path = "/artifacts/" + segment(id);
  if (options.revision) path += fmt::format("/revisions/{}", *options.revision);
  TRY(const auto reply, session.call(space, "GET", path));
  if (!options.revision) TRY_VOID(remember(session, space, reply.value));
  session.context().show(reply.value, [&] {
    print_content(reply.value);
    const auto& writer = inner(reply.value, options.revision ? "createdBy" : "updatedBy");
    fmt::print(stderr, "revision {} by {}, SHA-256 {}\n", number_of(reply.value, "revision"),
               by(writer), text_of(reply.value, "sha256"));
  });
  return {};
}

Result<std::string> content_of(const DocumentOptions& options) {
  if (!options.source.empty() && options.source != "-") {
    return Error(Code::usage, "the content is read from a file or from standard input",
                 "give --file F, or '-' and the content on standard input");
  }
  TRY(auto content, read_input(options.file.value_or("-"), most_content));
  if (base::is_utf8(content)) return content;
  return Error(Code::usage, "that is not text in UTF-8", "documents are text");
}

void tell_written(const json::value& artifact) {
  fmt::print("revision {} of {}\n", number_of(artifact, "revision"),
             one_line(raw_of(artifact, "name")));
  print_warnings(artifact);
}

Result<void> create(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  json::object body{{"name", options.document}};
  if (options.file || options.source == "-") {
    TRY(const auto content, content_of(options));
    body["content"] = content;
  }
  put_text(body, "mediaType", options.media_type);
  put_text(body, "note", options.note);
  TRY(const auto reply, session.call(space, "POST", "/artifacts", body));
  TRY_VOID(remember(session, space, reply.value));
  session.context().show(reply.value, [&] {
    fmt::print("{}\n", text_of(reply.value, "artifactId"));
    print_warnings(reply.value);
  });
  return {};
}

/// What the write is based on: --base, else what was read last; nothing with --force.
Result<Fields> condition_of(const StoredSpace& space, const std::string& id,
                            const DocumentOptions& options, json::object& body) {
  if (options.token) body["fencingToken"] = *options.token;
  if (options.force) return Fields{};
  if (options.base) {
    body["baseRevision"] = *options.base;
    return Fields{};
  }
  const auto read = space.read.find(id);
  if (read != space.read.end()) return Fields{{"If-Match", read->second}};
  if (options.token) return Fields{};
  return Error(Code::usage,
               "this document was not read on this machine, so others may be overwritten",
               "read it first with 'kronborg space artifact show', or give --base N or --force");
}

Error with_way_out(Error error) {
  if (error.code == Code::revision_conflict) {
    error.hint =
        "read it again with 'kronborg space artifact show', merge your changes, and write; "
        "or overwrite it with --force";
  }
  if (error.code == Code::artifact_locked) {
    error.hint = "wait, or write with the token of your own lock: --token N";
  }
  return error;
}

Result<void> write(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  json::object body;
  TRY(auto fields, condition_of(space, id, options, body));
  if (!options.rename || options.file || !options.source.empty()) {
    TRY(const auto content, content_of(options));
    body["content"] = content;
  }
  put_text(body, "name", options.rename);
  put_text(body, "note", options.note);
  const auto reply =
      session.call(space, "PUT", "/artifacts/" + segment(id), body, std::move(fields));
  if (!reply) return with_way_out(reply.error());
  TRY_VOID(remember(session, space, reply->value));
  session.context().show(reply->value, [&] { tell_written(reply->value); });
  return {};
}

Result<void> history(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  TRY(const auto revisions,
      session.all_of(space, "/artifacts/" + segment(id) + "/revisions?limit=500", "revisions"));
  session.context().show(json::object{{"revisions", revisions}}, [&] {
    Table table({"REVISION", "BYTES", "SIGNED", "WRITTEN", "BY", "NOTE", "SHA-256"});
    for (const auto& item : revisions) {
      const auto note = one_line(raw_of(item, "note"));
      table.add({text_of(item, "revision"), text_of(item, "size"), text_of(item, "signatureCount"),
                 date_of(item, "createdAt"), by(inner(item, "createdBy")),
                 flag_of(item, "available") ? note : note + " (only its hash is kept)",
                 text_of(item, "sha256")});
    }
    table.print("no revisions");
  });
  return {};
}

Result<void> erase(SpaceSession& session, StoredSpace& space, const DocumentOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  json::object body;
  TRY(auto fields, condition_of(space, id, options, body));
  const auto reply =
      session.call(space, "DELETE", "/artifacts/" + segment(id), body, std::move(fields));
  if (!reply) return with_way_out(reply.error());
  TRY_VOID(session.keep(space, [&](StoredSpace& kept) { kept.read.erase(id); }));
  session.context().show(reply->value,
                         [] { fmt::print("deleted; all of its revisions are erased\n"); });
  return {};
}

void takes_document(CLI::App* verb, DocumentOptions& options) {
  verb->add_option("document", options.document, "its id, the start of it, or its name")
      ->required();
}

void takes_condition(CLI::App* verb, DocumentOptions& options) {
  verb->add_option("--base", options.base, "the revision that this is based on");
  verb->add_option("--token", options.token, "token of your lock");
  verb->add_flag("--force", options.force, "whatever others have written meanwhile");
}

}  // namespace

void add_space_documents(const Shell& noun) {
  auto artifact = noun.noun("artifact", "shared documents of a space");
  artifact.parent.footer(
      "Example:\n  kronborg space artifact show 'Licence renewal' terms > terms.md\n\n"
      "See 'kronborg space artifact <verb> --help' for each verb.");
  auto& context = noun.context;
  auto options = std::make_shared<DocumentOptions>();
  const auto verb = [&](const char* name, const char* summary, const char* example, auto work) {
    return takes_space(artifact.verb(name, summary, example,
                                     [&context, options, work] {
                                       return in_space(context, options->choice,
                                                       [&](auto& session, auto& space) {
                                                         return work(session, space, *options);
                                                       });
                                     }),
                       options->choice);
  };
  verb("list", "list documents", "kronborg space artifact list 'Licence renewal'", list);
  auto* shown = verb("show", "print a document; a later write is based on it",
                     "kronborg space artifact show 'Licence renewal' terms > terms.md", show);
  takes_document(shown, *options);
  shown->add_option("--revision", options->revision, "an earlier one");
  auto* made =
      verb("create", "make a document; prints its id",
           "kronborg space artifact create 'Licence renewal' terms --file terms.md", create);
  made->add_option("name", options->document, "its name, 1 to 120 characters")->required();
  made->add_option("source", options->source, "'-': the content from standard input");
  made->add_option("--file", options->file, "file with its content; default: empty");
  made->add_option("--media-type,--type", options->media_type, "default text/markdown")
      ->check(CLI::IsMember({"text/markdown", "text/plain", "application/json"}));
  made->add_option("--note", options->note, "kept with the revision");
  auto* written =
      verb("write", "write a document that was read before; a conflict is refused",
           "kronborg space artifact write 'Licence renewal' terms --file terms.md", write);
  takes_document(written, *options);
  written->add_option("source", options->source, "'-': from standard input (the default)");
  written->add_option("--file", options->file, "file with its content");
  written->add_option("--rename", options->rename, "its new name; alone, the content stays");
  written->add_option("--note", options->note, "kept with the revision");
  takes_condition(written, *options);
  takes_document(verb("history", "list the revisions of a document",
                      "kronborg space artifact history 'Licence renewal' terms", history),
                 *options);
  auto* erased = verb("delete", "delete a document and all of its revisions",
                      "kronborg space artifact delete 'Licence renewal' terms --force", erase);
  takes_document(erased, *options);
  takes_condition(erased, *options);
  add_space_locks(artifact);
  add_space_signing(artifact);
}

}  // namespace kronborg::cli
