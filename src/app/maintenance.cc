#include "app/maintenance.h"

#include <fmt/format.h>
#include <malloc.h>

#include <chrono>

namespace kronborg::app {

namespace {
constexpr std::chrono::hours purge_pause{24};
constexpr std::chrono::seconds pause{1};
/// A folder of copies that is away, such as one on a network, is tried again this often.
constexpr std::chrono::seconds copy_pause{30};
constexpr int rounds_per_look_at_memory = 5;
constexpr std::size_t free_bytes_kept = 4U << 20U;
}  // namespace

Maintenance::Maintenance(authority::Identity& identity, authority::Audit& audit,
                         authority::Replay& replay, authority::HotDevices& hot_devices,
                         keyholder::KeyHolder& key_holder, const authority::Signals& signals,
                         const spaces::Parts& spaces, api::Router& router,
                         pairing::Invites& invites)
    : identity_(identity),
      audit_(audit),
      replay_(replay),
      hot_devices_(hot_devices),
      key_holder_(key_holder),
      signals_(signals),
      router_(router),
      invites_(invites),
      written_(signals.bundle.load()),
      sweep_(spaces) {}

Maintenance::~Maintenance() { stop(); }

void Maintenance::start(Warn warn) {
  warn_ = std::move(warn);
  thread_ = std::thread([this] { loop(); });
}

void Maintenance::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Maintenance::loop() {
  for (;;) {
    {
      std::unique_lock guard(mutex_);
      if (wake_.wait_for(guard, pause, [this] { return stopping_; })) return;
    }
    run_once();
    keep_invites();
    hot_devices_.tend();
    // Not at the start, which it would slow down; whoever asks for a document earlier waits for it.
    if (rounds_++ == 0) router_.make_documents();
    if (rounds_ % rounds_per_look_at_memory == 0) give_memory_back();
  }
}

/// What many snapshots and answers needed at once stays with the allocator, which gives back by
/// itself only what lies at the end of its heap.
void Maintenance::give_memory_back() {
  if (mallinfo2().fordblks > free_bytes_kept) malloc_trim(0);
}

void Maintenance::run_once() {
  if (auto flushed = audit_.flush_refusals(); !flushed && warn_) {
    warn_(
        fmt::format("refusals could not be written to the audit log: {}", flushed.error().text()));
  }
  keep_counters();
  if (!key_holder_.locked()) keep_host_device();
  keep_spaces();
  keep_bundle();
}

void Maintenance::keep_counters() {
  std::string warning;
  if (auto flushed = replay_.flush(); !flushed) {
    warning = fmt::format("the counters of request tokens could not be written: {}",
                          flushed.error().text());
  }
  if (warning != counters_warning_ && !warning.empty() && warn_) warn_(warning);
  counters_warning_ = std::move(warning);
}

/// A store from before devices were listed, or a TPM that was away when the identity was made.
void Maintenance::keep_host_device() {
  std::string warning;
  if (auto kept = identity_.keep_host_device(); !kept) {
    warning = fmt::format("the device of this host could not be listed: {}", kept.error().text());
  }
  if (warning != device_warning_ && !warning.empty() && warn_) warn_(warning);
  device_warning_ = std::move(warning);
}

void Maintenance::keep_spaces() {
  auto kept = sweep_.run_once();
  router_.answers_removed(sweep_.take_removed_answers());
  if (kept) kept = router_.flush_last_use();
  std::string warning;
  if (!kept) warning = fmt::format("spaces could not be tended: {}", kept.error().text());
  if (warning != spaces_warning_ && !warning.empty() && warn_) warn_(warning);
  spaces_warning_ = std::move(warning);
}

/// Once a day, and soon after the start: a server may not live for a day.
void Maintenance::keep_invites() {
  const auto now = std::chrono::steady_clock::now();
  if (now < purge_due_) return;
  purge_due_ = now + purge_pause;
  if (auto purged = invites_.purge(); !purged && warn_) {
    warn_(fmt::format("old invites could not be removed: {}", purged.error().text()));
  }
}

void Maintenance::store_clock() {
  if (auto stored = sweep_.store_clock(); !stored && warn_) {
    warn_(fmt::format("the time could not be stored: {}", stored.error().text()));
  }
}

/// A bundle that must be rewritten while the identity is locked waits for the next unlock; also one
/// of a process before this one, which is why it is compared with the store first.
void Maintenance::keep_bundle() {
  if (key_holder_.locked()) {
    compared_ = false;
    return;
  }
  const auto due = signals_.bundle.load();
  const auto now = std::chrono::steady_clock::now();
  const bool retry = key_holder_.copy_failure().has_value() && now >= copy_retry_;
  if (compared_ && due == written_ && !retry) return;
  const auto kept = identity_.keep_bundle();
  std::string warning;
  if (kept) {
    compared_ = true;
    written_ = due;
    copy_retry_ = now + copy_pause;
    if (const auto copy = key_holder_.copy_failure()) {
      warning =
          fmt::format("the copy of the recovery bundle could not be written: {}", copy->text());
    }
  } else {
    warning = fmt::format("the recovery bundle could not be written: {}", kept.error().text());
  }
  const std::lock_guard guard(mutex_);
  if (warning != bundle_warning_ && !warning.empty() && warn_) warn_(warning);
  bundle_warning_ = std::move(warning);
}

std::string Maintenance::bundle_warning() {
  const auto due = signals_.bundle.load();
  bool judge = false;
  {
    const std::lock_guard guard(mutex_);
    if (!bundle_warning_.empty() || !key_holder_.locked()) return bundle_warning_;
    judge = !judged_ || judged_->first != due;
  }
  if (judge) {
    const auto current = identity_.bundle_is_current();
    const std::lock_guard guard(mutex_);
    judged_ = {due, !current || *current};  // a store that is down has its own finding
  }
  const std::lock_guard guard(mutex_);
  if (judged_->second) return {};
  return "the recovery bundle is older than the last change; it is written at the next unlock";
}

}  // namespace kronborg::app
