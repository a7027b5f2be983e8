#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/router.h"
#include "base/result.h"
#include "spaces/directory.h"

namespace kronborg::api {

/// Counts open streams per key, source, space and in all (docs/protocol/http.md section 3).
/// Thread-safe.
class StreamPlaces {
 public:
  explicit StreamPlaces(const StreamLimits& limits) : limits_(limits) {}

  /// One open stream; the place is free again at its end.
  class Place {
   public:
    Place(StreamPlaces& places, const spaces::Caller& caller, std::string source)
        : places_(places), key_(caller.key_id), space_(caller.space), source_(std::move(source)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();

   private:
    StreamPlaces& places_;
    spaces::Uuid key_;
    std::int64_t space_;
    std::string source_;
  };

  /// Error: too_many_streams with `limit`, the number.
  base::Result<std::unique_ptr<Place>> take(const spaces::Caller& caller, std::string_view source);
  [[nodiscard]] std::int64_t open() const;

 private:
  struct IdHash {
    using is_avalanching = void;
    std::size_t operator()(const spaces::Uuid& id) const;
  };
  const StreamLimits limits_;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  boost::unordered_flat_map<spaces::Uuid, std::int64_t, IdHash> by_key_;
  boost::unordered_flat_map<std::int64_t, std::int64_t> by_space_;
  boost::unordered_flat_map<std::string, std::int64_t> by_source_;
  std::int64_t open_ = 0;
};

}  // namespace kronborg::api
