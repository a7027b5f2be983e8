#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "cli/space.h"
#include "cli/space_events.h"
#include "cli/space_message.h"
#include "cli/space_refusal.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::chrono::seconds patience{45};  // three heartbeats
constexpr std::int64_t usual_retry_ms = 3'000;
constexpr std::int64_t least_retry_ms = 500;
constexpr std::int64_t most_retry_ms = 30'000;
constexpr std::chrono::milliseconds slice{100};

constexpr int most_looks = 50;  // a slice apart

volatile std::sig_atomic_t interrupted = 0;

/// Ctrl-C ends the watch in order; a second one ends the program.
void listen_for_interrupts() {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

struct WatchOptions {
  SpaceChoice choice;
  int tail = 0;
  bool from_start = false;
};

/// A room as it is followed, over as many connections as it takes.
class Watch {
 public:
  Watch(SpaceSession& session, StoredSpace& space) : session_(session), space_(space) {}

  /// Where to begin; the last messages, when they are wanted.
  Result<void> begin(const WatchOptions& options);
  /// Until Ctrl-C, or until the key has ended: that is the error.
  Result<void> follow();

 private:
  enum class Next : std::uint8_t { again, end };

  Result<Next> once();
  bool take(const StreamEvent& event);
  bool print(std::string_view event, const std::string& id, const json::value& data);
  Result<bool> renewed();
  Result<Next> after_end(const Error& error);
  void pause(std::int64_t milliseconds) const;

  SpaceSession& session_;
  StoredSpace& space_;
  std::string position_;  ///< Last-Event-ID
  bool connected_ = false;
  bool lost_ = false;
  bool nobody_reads_ = false;
  std::int64_t retry_ms_ = usual_retry_ms;
  std::int64_t backoff_ms_ = 0;
  std::optional<Error> ended_;
};

Result<void> Watch::begin(const WatchOptions& options) {
  if (options.from_start) position_ = "0";
  if (options.from_start || options.tail == 0) return {};
  TRY(const auto reply,
      session_.call(space_, "GET", fmt::format("/messages?tail={}", options.tail)));
  for (const auto& message : array_of(reply.value, "messages")) print("message", "", message);
  position_ = std::to_string(number_of(reply.value, "lastSeq"));
  return {};
}

bool Watch::print(std::string_view event, const std::string& id, const json::value& data) {
  if (session_.context().json) {
    json::object line{{"event", event}};
    if (!id.empty()) line["id"] = id;
    line["data"] = data;
    fmt::print("{}\n", base::to_text(line));
  } else {
    print_event(event, data);
  }
  nobody_reads_ = std::fflush(stdout) != 0;
  return !nobody_reads_;
}

bool Watch::take(const StreamEvent& event) {
  const auto data = base::parse_json(event.data, {.members = 4096, .items = 65'536});
  if (!data || !data->is_object()) return true;
  if (event.name == "space" && raw_of(*data, "action") == "snapshot") {
    if (position_.empty()) position_ = std::to_string(number_of(*data, "lastSeq"));
    if (lost_) fmt::print(stderr, "note: connected again\n");
    if (!connected_ && !session_.context().json) {
      fmt::print(stderr, "watching '{}'; Ctrl-C ends it\n",
                 one_line(raw_of(inner(*data, "space"), "name")));
    }
    connected_ = true;
    lost_ = false;
    backoff_ms_ = 0;
  }
  if (event.name == "key_revoked") {
    const auto code = base::code_named(raw_of(*data, "code")).value_or(Code::key_revoked);
    const auto reason = raw_of(*data, "reason");
    ended_ = Error(code, fmt::format("your key has ended: {}", words_for_end(reason)),
                   code == Code::space_closed ? "" : "the owner of the space can tell more");
    ended_->details.push_back({.name = "reason", .value = std::string(reason)});
  }
  const bool is_number = std::ranges::all_of(event.id, [](char c) { return c >= '0' && c <= '9'; });
  if (!event.id.empty() && is_number) position_ = event.id;
  return print(event.name, event.id, *data) && !ended_;
}

/// Whether another command of this machine has put a new key in the place of the one that ended.
Result<bool> Watch::renewed() {
  TRY(const auto stored, session_.stored());
  const auto& all = stored.all();
  const auto now = std::ranges::find(all, space_.entry, &StoredSpace::entry);
  if (now == all.end() || now->key_id == space_.key_id || now->waits()) return false;
  space_ = now->duplicate();
  return true;
}

/// A key that was rotated or reissued is followed by another.
Result<Watch::Next> Watch::after_end(const Error& error) {
  const auto reason = ended_reason(error);
  const auto ended_key = space_.key_id;
  // The end of the old key may be told before the other command has stored the new one.
  const int looks = reason == "rotated" ? most_looks : 1;
  for (int i = 0; i < looks; ++i) {
    TRY(const bool is_renewed, renewed());
    if (is_renewed) return Next::again;
    if (looks > 1) pause(slice.count());
  }
  if (reason != "reissued" || space_.join_token.empty()) return error;
  TRY(const auto collected, session_.collect(space_));
  if (space_.key_id == ended_key) pause(retry_ms_);
  return Next::again;
}

Result<Watch::Next> Watch::once() {
  Fields fields{{"Accept", "text/event-stream"}};
  if (!position_.empty()) fields.emplace_back("Last-Event-ID", position_);
  EventReader reader;
  ended_.reset();
  const auto answer = session_.stream(
      space_, "/messages/stream", std::move(fields),
      [&](std::string_view bytes) {
        return reader.add(bytes, [&](const StreamEvent& event) { return take(event); });
      },
      patience, [] { return interrupted != 0; });
  if (interrupted != 0 || nobody_reads_) return Next::end;
  if (reader.retry_ms() > 0)
    retry_ms_ = std::clamp(reader.retry_ms(), least_retry_ms, most_retry_ms);
  if (ended_) return after_end(*ended_);
  if (answer) {
    pause(retry_ms_);
    return Next::again;
  }
  const auto& error = answer.error();
  if (!ended_reason(error).empty()) return after_end(error);
  if (!connected_ || exit_code_of(error) != server_error) return error;
  if (!lost_) fmt::print(stderr, "note: the connection was lost; trying again\n");
  lost_ = true;
  backoff_ms_ = std::clamp(backoff_ms_ * 2, retry_ms_, most_retry_ms);
  pause(std::max(backoff_ms_, retry_after(error) * 1000));
  return Next::again;
}

void Watch::pause(std::int64_t milliseconds) const {
  for (std::int64_t i = 0; i < milliseconds && interrupted == 0; i += slice.count())
    std::this_thread::sleep_for(slice);
}

Result<void> Watch::follow() {
  while (interrupted == 0) {
    TRY(const auto next, once());
    if (next == Next::end) break;
  }
  return {};
}

}  // namespace

void add_space_watch(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<WatchOptions>();
  auto* watched = takes_space(
      noun.verb("watch",
                "follow a space live: joins, messages, documents, one line each; ✓ marks a proven "
                "address. With --json one value per event",
                "kronborg space watch 'Licence renewal' --tail 10",
                [&context, options] {
                  return in_space(context, options->choice,
                                  [&](auto& session, auto& space) -> Result<void> {
                                    listen_for_interrupts();
                                    Watch watch(session, space);
                                    TRY_VOID(watch.begin(*options));
                                    return watch.follow();
                                  });
                }),
      options->choice);
  watched->add_option("--tail", options->tail, "the last N messages first, default 0")
      ->check(CLI::Range(0, 500));
  watched->add_flag("--from-start", options->from_start, "begin with the first message");
}

}  // namespace kronborg::cli
