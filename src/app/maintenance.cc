#include "app/maintenance.h"

#include <fmt/format.h>
#include <malloc.h>

#include <chrono>

namespace kronborg::app {

namespace {
constexpr std::chrono::seconds pause{1};
constexpr int rounds_per_look_at_memory = 5;
constexpr std::size_t free_bytes_kept = 4U << 20U;
}  // namespace

Maintenance::Maintenance(authority::Identity& identity, authority::Audit& audit,
                         keyholder::KeyHolder& key_holder, const authority::Signals& signals,
                         const spaces::Parts& spaces, api::Router& router)
    : identity_(identity),
      audit_(audit),
      key_holder_(key_holder),
      signals_(signals),
      router_(router),
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
  keep_spaces();
  keep_bundle();
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

void Maintenance::store_clock() {
  if (auto stored = sweep_.store_clock(); !stored && warn_) {
    warn_(fmt::format("the time could not be stored: {}", stored.error().text()));
  }
}

void Maintenance::keep_bundle() {
  // A bundle that must be rewritten while the identity is locked waits for the next unlock.
  const auto due = signals_.bundle.load();
  if (due == written_ || key_holder_.locked()) return;
  auto rewritten = identity_.rewrite_bundle();
  std::string warning;
  if (rewritten) {
    written_ = due;
  } else {
    warning = fmt::format("the recovery bundle could not be written: {}", rewritten.error().text());
  }
  const std::lock_guard guard(mutex_);
  if (warning != bundle_warning_ && !warning.empty() && warn_) warn_(warning);
  bundle_warning_ = std::move(warning);
}

std::string Maintenance::bundle_warning() const {
  const std::lock_guard guard(mutex_);
  return bundle_warning_;
}

}  // namespace kronborg::app
