#include "cli/space_watch.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "cli/space.h"
#include "cli/space_refusal.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::chrono::seconds silence{40};  // heartbeats come every 15 s
constexpr std::chrono::milliseconds pause{3000};

volatile std::sig_atomic_t interrupted = 0;
void note_interrupt(int) { interrupted = 1; }

/// Puts server-sent events together from what arrives, and says them.
class Watch {
 public:
  explicit Watch(bool as_json) : as_json_(as_json) {}

  bool take(std::string_view bytes) {
    buffer_.append(bytes);
    for (auto end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n')) {
      line(std::string_view(buffer_).substr(0, end));
      buffer_.erase(0, end + 1);
    }
    return interrupted == 0 && !ended_;
  }
  void restart() {
    buffer_.clear();
    event_.clear();
    data_.clear();
  }
  [[nodiscard]] const std::string& last_id() const { return last_id_; }
  [[nodiscard]] const std::optional<Error>& ended() const { return ended_; }

 private:
  void line(std::string_view text) {
    if (text.empty()) {
      if (!data_.empty()) say();
      event_.clear();
      data_.clear();
    } else if (text.starts_with("event: ")) {
      event_ = text.substr(7);
    } else if (text.starts_with("data: ")) {
      data_ = text.substr(6);
    } else if (text.starts_with("id: ")) {
      last_id_ = text.substr(4);
    }
  }

  void say() {
    const auto data = base::parse_json(data_, {.members = 4096, .items = 65'536});
    if (!data) return;
    if (event_ == "key_revoked") {
      const auto reason = raw_of(*data, "reason");
      ended_ =
          Error(Code::key_revoked, fmt::format("the stream has ended: {}", words_for_end(reason)),
                "ask the owner for an invitation");
    }
    if (as_json_) {
      json::object shown{{"event", event_}, {"data", *data}};
      fmt::print("{}\n", base::to_text(shown));
    } else {
      tell(*data);
    }
    std::fflush(stdout);
  }

  void tell(const json::value& data) const {
    const auto action = text_of(data, "action");
    if (event_ == "message") {
      print_message(data);
    } else if (event_ == "participant") {
      fmt::print("       -- {} {}\n", one_line(raw_of(inner(data, "participant"), "name")), action);
    } else if (event_ == "artifact") {
      const auto& artifact = inner(data, "artifact");
      fmt::print("       -- {} {}, revision {}\n", one_line(raw_of(artifact, "name")), action,
                 text_of(artifact, "revision"));
    } else if (event_ == "space" && action == "snapshot") {
      fmt::print(stderr, "watching '{}', {} there; Ctrl-C ends it\n",
                 one_line(raw_of(inner(data, "space"), "name")),
                 array_of(data, "participants").size());
    } else if (event_ == "space") {
      fmt::print("       -- the space: {}\n", action);
    }
  }

  const bool as_json_;
  std::string buffer_, event_, data_, last_id_;
  std::optional<Error> ended_;
};

Result<void> watch(SpaceSession& session, StoredSpace& space, bool from_start) {
  Watch watching(session.context().json);
  std::signal(SIGINT, note_interrupt);
  std::signal(SIGTERM, note_interrupt);
  while (interrupted == 0) {
    Fields fields{{"Accept", "text/event-stream"}};
    if (!watching.last_id().empty()) {
      fields.emplace_back("Last-Event-ID", watching.last_id());
    } else if (from_start) {
      fields.emplace_back("Last-Event-ID", "0");
    }
    watching.restart();
    const auto answer = session.stream(
        space, "/messages/stream", std::move(fields),
        [&](std::string_view bytes) { return watching.take(bytes); }, silence,
        [] { return interrupted != 0; });
    if (watching.ended()) return *watching.ended();
    if (interrupted != 0) return {};
    if (!answer && answer.error().code != Code::server_unreachable) return answer.error();
    fmt::print(stderr, "the connection is lost; trying again\n");
    std::this_thread::sleep_for(pause);
  }
  return {};
}

}  // namespace

void add_space_watch(const Shell& noun) {
  auto& context = noun.context;
  auto choice = std::make_shared<SpaceChoice>();
  auto from_start = std::make_shared<bool>(false);
  takes_space(noun.verb("watch", "follow a space live: messages, people, documents",
                        "kronborg space watch 'Licence renewal'",
                        [&context, choice, from_start] {
                          return in_space(context, *choice, [&](auto& session, auto& space) {
                            return watch(session, space, *from_start);
                          });
                        }),
              *choice)
      ->add_flag("--from-start", *from_start, "begin with the first message");
}

}  // namespace kronborg::cli
