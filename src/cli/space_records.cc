#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/file.h"
#include "cli/space.h"
#include "cli/space_export.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::chrono::seconds patience{60};

struct RecordOptions {
  SpaceChoice choice;
  std::optional<std::string> output, event;
};

/// A new file that gets its name when it is whole, mode 0600.
class NewFile {
 public:
  static Result<std::unique_ptr<NewFile>> make(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
      return Error(Code::file_error, fmt::format("{} exists", path.string()),
                   "name another file, or remove it first");
    }
    auto file = std::unique_ptr<NewFile>(new NewFile(path));
    if (file->fd_ >= 0) return file;
    return Error(Code::file_error, fmt::format("{} cannot be written: {}", path.string(),
                                               std::system_category().message(errno)));
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!named_) ::unlink(part_.c_str());
  }

  [[nodiscard]] int fd() const { return fd_; }
  Result<void> name() {
    named_ = ::fsync(fd_) == 0 && ::rename(part_.c_str(), path_.c_str()) == 0;
    if (named_) return {};
    return Error(Code::file_error, fmt::format("{} cannot be written: {}", path_.string(),
                                               std::system_category().message(errno)));
  }

 private:
  explicit NewFile(const std::filesystem::path& path)
      : path_(path),
        part_(path.string() + ".part"),
        fd_(::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)) {}

  std::filesystem::path path_;
  std::string part_;
  int fd_;
  bool named_ = false;
};

Result<void> take_export(SpaceSession& session, StoredSpace& space, const RecordOptions& options) {
  const bool to_file = options.output && *options.output != "-";
  if (session.context().json && !to_file) {
    return Error(Code::usage, "an export is many JSON values, not one", "give --output FILE");
  }
  // A key that waited to be collected, or was reissued, is the stored one from here on.
  TRY(const auto reachable, session.call(space, "GET", "/keys"));
  std::unique_ptr<NewFile> file;
  if (to_file) {
    TRY(file, NewFile::make(*options.output));
  }
  const int fd = file ? file->fd() : STDOUT_FILENO;
  ExportCheck check;
  Result<void> written;
  TRY(const auto answer, session.stream(
                             space, "/export", {{"Accept", "application/x-ndjson"}},
                             [&](std::string_view bytes) {
                               check.add(bytes);
                               written = base::write_all(fd, bytes, options.output.value_or("-"));
                               return written.has_value();
                             },
                             patience));
  TRY_VOID(written);
  TRY_VOID(check.judge());
  if (!file) return {};
  TRY_VOID(file->name());
  session.context().show(
      json::object{{"file", *options.output}, {"lines", check.lines()}, {"sha256", check.sha256()}},
      [&] {
        fmt::print("{}: {} lines, whole, SHA-256 {}\n", *options.output, check.lines(),
                   check.sha256());
      });
  return {};
}

std::string who(const json::value& event) {
  const auto& actor = inner(event, "actor");
  const auto id = text_of(actor, "participantId");
  return id.empty() ? text_of(actor, "kind") : id.substr(0, 8);
}

Result<void> audit(SpaceSession& session, StoredSpace& space, const RecordOptions& options) {
  TRY(auto events, session.all_of(space, "/audit?limit=500", "events"));
  if (options.event) {
    json::array wanted;
    for (auto& event : events) {
      if (raw_of(event, "event").starts_with(*options.event)) wanted.push_back(std::move(event));
    }
    events = std::move(wanted);
  }
  session.context().show(json::object{{"events", events}}, [&] {
    for (const auto& event : events) {
      const auto& detail = inner(event, "detail");
      fmt::print("{}  {:<22}  {:<8}  {}  {}\n", date_of(event, "at"), text_of(event, "event"),
                 who(event), one_line(raw_of(event, "subject")),
                 detail.is_object() ? one_line(base::to_text(detail)) : "");
    }
    if (events.empty()) fmt::print(stderr, "nothing of that kind\n");
  });
  return {};
}

}  // namespace

void add_space_records(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<RecordOptions>();
  takes_space(noun.verb("export", "take everything out of a space, as lines of JSON (owner)",
                        "kronborg space export 'Licence renewal' --output renewal.ndjson",
                        [&context, options] {
                          return in_space(context, options->choice,
                                          [&](auto& session, auto& space) {
                                            return take_export(session, space, *options);
                                          });
                        }),
              options->choice)
      ->add_option("--output", options->output, "a new file; default: standard output");
  takes_space(noun.verb("audit", "who did what in a space (owner)",
                        "kronborg space audit 'Licence renewal' --event participant",
                        [&context, options] {
                          return in_space(context, options->choice,
                                          [&](auto& session, auto& space) {
                                            return audit(session, space, *options);
                                          });
                        }),
              options->choice)
      ->add_option("--event", options->event,
                   "an event such as key.revoked, or a noun such as key");
}

}  // namespace kronborg::cli
