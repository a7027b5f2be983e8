#include "spaces/export.h"

#include <utility>

#include "base/clock.h"
#include "spaces/artifact.h"
#include "spaces/audit_list.h"
#include "spaces/export_lines.h"
#include "spaces/invitation.h"
#include "spaces/keys.h"
#include "spaces/message.h"
#include "spaces/participant.h"
#include "spaces/signature.h"

namespace kronborg::spaces {
namespace {

using base::Result;
namespace json = base::json;

constexpr int rows_at_once = 100;

struct Export {
  Act& act;
  const Space& space;
  ExportLines& lines;
};

/// Reads page after page; `read(after)` gives one, `write(page)` its lines.
template <class Read, class Write>
Result<void> write_pages(const Export& to, Read read, Write write) {
  std::int64_t after = 0;
  for (bool has_more = true; has_more && !to.lines.stopped();) {
    TRY(const auto page, read(after));
    write(page);
    after = page.last;
    has_more = page.has_more;
  }
  return {};
}

Result<void> write_header(const Export& to) {
  to.lines.add("header", {{"format", "kronborg-space-export"},
                          {"version", 1},
                          {"origin", to.act.parts.origin},
                          {"exportedAt", base::iso_time(to.act.now_ms)}});
  to.lines.add("space", render(to.space));
  return {};
}

Result<void> write_participants(const Export& to) {
  return write_pages(
      to,
      [&](std::int64_t after) {
        return list_participants(to.act, to.space.number, Shown::all, {}, after, rows_at_once);
      },
      [&](const ParticipantPage& page) {
        for (const Participant& one : page.participants)
          to.lines.add("participant", render(one, to.act.now_ms, true));
      });
}

Result<void> write_invitations(const Export& to) {
  return write_pages(
      to,
      [&](std::int64_t after) {
        return list_invitations(to.act, to.space.number, after, rows_at_once);
      },
      [&](const InvitationPage& page) {
        for (const Invitation& one : page.invitations) to.lines.add("invitation", render(one));
      });
}

Result<void> write_keys(const Export& to) {
  TRY(const auto keys, list_keys(to.act, to.space.number, {}));
  for (const KeyRecord& key : keys) to.lines.add("key", render(key, to.space.id));
  return {};
}

/// The line's own `type` takes the place of that of the message, which is `messageType` here.
json::object message_line(const Message& message) {
  json::object line;
  for (auto& member : render(message, Form::whole)) {
    const bool is_type = member.key() == "type";
    line.insert_or_assign(is_type ? json::string_view("messageType") : member.key(),
                          std::move(member.value()));
  }
  return line;
}

Result<void> write_messages(const Export& to) {
  return write_pages(
      to,
      [&](std::int64_t after) {
        return read_messages(to.act, to.space.number, after, rows_at_once);
      },
      [&](const MessagePage& page) {
        for (const Message& one : page.messages) to.lines.add("message", message_line(one));
      });
}

Result<void> write_revisions(const Export& to, const Artifact& artifact) {
  std::int64_t after = 0;
  for (bool has_more = true; has_more && !to.lines.stopped();) {
    TRY(const auto page, list_revisions(to.act, artifact, after, rows_at_once));
    for (const Revision& listed : page.items) {
      Revision revision = listed;
      if (listed.available) {
        TRY(revision, read_revision(to.act, artifact, listed.revision));
      }
      json::object line{{"artifactId", artifact.id}};
      for (auto& member : render(revision)) {
        line.insert_or_assign(member.key(), std::move(member.value()));
      }
      to.lines.add("revision", std::move(line));
      if (to.lines.stopped()) return {};
    }
    after = page.last;
    has_more = page.has_more;
  }
  return {};
}

/// The live ones. Of a deleted one nothing is left but what the audit says.
Result<void> write_artifacts(const Export& to) {
  TRY(const auto artifacts, live_artifacts(to.act, to.space.number));
  for (const Artifact& one : artifacts) {
    to.lines.add("artifact", render_summary(one, to.act.now_ms));
  }
  for (const Artifact& one : artifacts) TRY_VOID(write_revisions(to, one));
  for (const Artifact& one : artifacts) {
    TRY_VOID(write_pages(
        to,
        [&](std::int64_t after) {
          return list_signatures(to.act, one.id, {}, after, rows_at_once);
        },
        [&](const ArtifactPage<Signature>& page) {
          for (const Signature& signature : page.items)
            to.lines.add("signature", render(signature));
        }));
  }
  return {};
}

Result<void> write_audit(const Export& to) {
  return write_pages(
      to,
      [&](std::int64_t after) { return list_audit(to.act, to.space.number, after, rows_at_once); },
      [&](const AuditPage& page) {
        for (const AuditEntry& one : page.entries) to.lines.add("audit", render(one));
      });
}

}  // namespace

Result<void> export_space(Act& act, const Space& space, const ExportSink& sink) {
  ExportLines lines(sink);
  const Export to{.act = act, .space = space, .lines = lines};
  for (const auto write : {write_header, write_participants, write_invitations, write_keys,
                           write_messages, write_artifacts, write_audit}) {
    if (lines.stopped()) return {};
    TRY_VOID(write(to));
  }
  lines.finish();
  return {};
}

}  // namespace kronborg::spaces
