#include "api/idempotency.h"
#include "api/space_ended.h"
#include "api/space_pipeline.h"
#include "spaces/keys.h"

// Steps 9 to 11 of docs/protocol/http.md section 4: a repeat is answered from what is stored; else
// the effect, its audit and its stored answer are one transaction, in which the credential is asked
// again.

namespace kronborg::api {
namespace {

using base::Code;
using base::Error;

}  // namespace

base::Result<SpaceOutcome> SpacePipeline::perform(const SpaceEffect& effect,
                                                  std::optional<Response>& replay) {
  if (!rule_.writes) return read(effect);
  if (is_repeatable_route() && !field("idempotency-key").empty()) {
    TRY(auto asked, repeatable_call(request_, *key_, join_token_, is_join()));
    if (!services_.answers.begin(asked.scope)) {
      services_.counters.idempotency(Repeated::in_flight);
      return Code::idempotency_in_flight;
    }
    repeatable_ = std::move(asked);
  }
  // A poll that finds nothing to collect costs no commit.
  if (rule_.key == KeyPlace::poll) {
    if (repeatable_) {
      TRY_VOID(services_.desk.parts.database.read(
          [&](sql::Transaction& transaction) -> base::Result<void> {
            TRY(replay, services_.answers.find(transaction, *repeatable_, now_ms(), false));
            return {};
          }));
      if (replay) return SpaceOutcome{};
    }
    auto looked = read(effect);
    if (!looked || !looked->needs_write) return looked;
  }
  return write(effect, replay);
}

base::Result<SpaceOutcome> SpacePipeline::read(const SpaceEffect& effect) const {
  const auto& parts = services_.desk.parts;
  std::optional<SpaceOutcome> done;
  const auto* caller = call_.caller_ ? &*call_.caller_ : nullptr;
  TRY_VOID(parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    const std::int64_t now = now_ms();
    // The end of a space changes what its joins say: they are read together.
    if (rule_.key == KeyPlace::poll) {
      TRY(const auto found, spaces::read_key(transaction, caller->hash, now));
      if (auto ended = ended_since(found)) return *std::move(ended);
    }
    spaces::Act act(parts, transaction, now, origin_of(caller));
    TRY(done, effect(act));
    return {};
  }));
  return *std::move(done);
}

base::Result<SpaceOutcome> SpacePipeline::write(const SpaceEffect& effect,
                                                std::optional<Response>& replay) {
  std::optional<SpaceOutcome> done;
  std::optional<Error> refused;
  const auto written =
      services_.desk.parts.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
        done.reset();
        refused.reset();
        return write_in(transaction, effect, replay, done, refused);
      });
  if (!written) refused = written.error();
  if (replay) {
    services_.counters.idempotency(Repeated::replayed);
    return SpaceOutcome{};
  }
  if (refused) {
    store_refusal(*refused);
    return *std::move(refused);
  }
  if (repeatable_ && !done->wait_after) services_.counters.idempotency(Repeated::stored);
  return *std::move(done);
}

base::Result<void> SpacePipeline::write_in(sql::Transaction& transaction, const SpaceEffect& effect,
                                           std::optional<Response>& replay,
                                           std::optional<SpaceOutcome>& done,
                                           std::optional<Error>& refused) {
  const auto& parts = services_.desk.parts;
  const std::int64_t now = now_ms();
  if (repeatable_) {
    TRY(replay, services_.answers.find(transaction, *repeatable_, now, false));
    if (replay) return {};
  }
  const spaces::Caller* caller = nullptr;
  if (call_.caller_) {
    TRY(const auto found, spaces::read_key(transaction, call_.caller_->hash, now));
    if (auto ended = ended_since(found)) return *std::move(ended);
    if (const auto* live = std::get_if<spaces::Caller>(&found)) call_.caller_ = *live;
    if (auto rights = check_rights()) return *std::move(rights);
    caller = &*call_.caller_;
  }
  spaces::Act act(parts, transaction, now, origin_of(caller));
  if (caller != nullptr && !caller->used_before) TRY_VOID(spaces::note_first_use(act, *caller));
  auto outcome = effect(act);
  if (!outcome) {
    if (!act.keep) return outcome.error();
    refused = outcome.error();
    return {};
  }
  done = *std::move(outcome);
  if (repeatable_ && !done->wait_after) {
    Response answer = respond(*done);
    TRY_VOID(services_.answers.store(transaction, *repeatable_, answer, done->secrets,
                                     done->ends_caller, now));
  }
  return {};
}

std::optional<Error> SpacePipeline::ended_since(const spaces::Found& found) const {
  if (std::holds_alternative<spaces::Caller>(found)) return std::nullopt;
  // Who waits with its join token outlives its invitation, not the space.
  const auto* dead = std::get_if<spaces::DeadKey>(&found);
  if (rule_.key == KeyPlace::poll && join_token_ && dead != nullptr) return ended_space(*dead);
  return ended(found);
}

void SpacePipeline::store_refusal(const Error& error) {
  if (error.code == Code::idempotency_mismatch) {
    services_.counters.idempotency(Repeated::mismatch);
    return;
  }
  if (error.code == Code::idempotency_capacity) {
    services_.counters.idempotency(Repeated::capacity);
    return;
  }
  // 423 and the others describe a passing state: they are evaluated anew (section 11).
  if (!repeatable_ || !is_stored_status(error.status()) || error.status() == 423) return;
  const Response response = refuse(error);
  // Not stored means that a repeat is evaluated anew, which has no effect either.
  (void)services_.desk.parts.database.write(
      [&](sql::Transaction& transaction) -> base::Result<void> {
        return services_.answers.store(transaction, *repeatable_, response, {}, false, now_ms());
      });
}

}  // namespace kronborg::api
