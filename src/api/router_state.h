#pragma once

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "api/counters.h"
#include "api/documents.h"
#include "api/idempotency.h"
#include "api/join_guard.h"
#include "api/last_seen.h"
#include "api/metrics_credentials.h"
#include "api/paging.h"
#include "api/rate_limit.h"
#include "api/router.h"
#include "api/space_answers.h"
#include "api/space_pipeline.h"
#include "api/stream_places.h"

namespace kronborg::api {

/// What a Router owns; for the files of the class alone.
struct Router::State {
  State(const Nouns& given, Settings chosen, const std::array<std::uint8_t, 32>& cursor_key,
        std::unique_ptr<MetricsCredentials> credentials, std::unique_ptr<SpaceAnswers> stored)
      : nouns(given),
        settings(std::move(chosen)),
        cursors(cursor_key),
        metrics_credentials(std::move(credentials)),
        idempotency(given.parts),
        limiter(given.parts.clock, given.parts.random),
        documents(settings),
        answers(std::move(stored)),
        streams(settings.streams),
        spaces{.desk = {nouns.spaces, settings, cursors, last_seen, join_guard},
               .limiter = limiter,
               .counters = counters,
               .answers = *answers,
               .streams = streams} {}

  Response call(const Request& request, std::optional<Held>* held, const Router& router);

  Nouns nouns;
  Settings settings;
  Cursors cursors;
  std::unique_ptr<MetricsCredentials> metrics_credentials;
  Idempotency idempotency;
  RateLimiter limiter;
  Counters counters;
  Documents documents;
  LastSeen last_seen;
  JoinGuard join_guard;
  std::unique_ptr<SpaceAnswers> answers;
  StreamPlaces streams;
  SpaceServices spaces;
};

}  // namespace kronborg::api
