#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/members.h"
#include "api/paging.h"
#include "api/query.h"
#include "api/router.h"
#include "api/warnings.h"
#include "base/result.h"
#include "spaces/act.h"
#include "spaces/directory.h"
#include "spaces/parts.h"

namespace kronborg::api {

class LastSeen;
class JoinGuard;

/// Where requests of spaces are dealt with.
struct SpaceDesk {
  const spaces::Parts& parts;
  const Settings& settings;
  const Cursors& cursors;
  LastSeen& last_seen;
  JoinGuard& join_guard;
};

/// What an operation of a space answers when it did what was asked.
struct SpaceOutcome {
  boost::json::object body = {};
  int status = 200;
  /// Top-level members of the body that hold a secret: the answer is sealed when it is stored for a
  /// repeat, or stored without them (docs/protocol/http.md section 11).
  std::vector<std::string> secrets = {};
  std::string etag = {};  ///< value of ETag, in quotes; empty: none
  /// An answer that is not JSON: `text` is sent with this type instead of the body.
  std::string content_type = {};
  std::string text = {};
  std::vector<std::pair<std::string, std::string>> fields = {};  ///< further header fields
  /// The operation ended the credential it was called with (close, leave, rotate without grace …).
  bool ends_caller = false;
  /// Under a read: this must be done under a write; the effect is run again there.
  bool needs_write = false;
  /// Of a message list that is empty and may wait (`wait`): the answer is held until a message has
  /// a number above this, or so many seconds have passed.
  std::optional<std::int64_t> wait_after = {};
  std::int64_t wait_s = 0;
};

/// The second half of an operation: inside one transaction, with the caller checked again in it.
/// Under a read it must not change anything. It may run twice (read, then write).
using SpaceEffect = std::function<base::Result<SpaceOutcome>(spaces::Act&)>;

/// One request to a space, or to one of the routes around spaces, whose caller has been let in.
class SpaceCall {
 public:
  [[nodiscard]] const Request& request() const { return request_; }
  /// The decoded segment of the path that stands for the n-th `{…}` of the template. Ids are lower
  /// case already.
  [[nodiscard]] const std::string& segment(std::size_t n) const { return segments_.at(n); }
  /// The live key; only on routes that take none is there none.
  [[nodiscard]] const spaces::Caller& caller() const { return *caller_; }
  [[nodiscard]] bool has_caller() const { return caller_.has_value(); }
  /// SHA-256 of the join token that was sent (X-Join-Token, or `?joinToken=` on a poll).
  [[nodiscard]] const std::optional<credential::SpaceKeyHash>& join_token() const {
    return join_token_;
  }
  /// The reader is a browser: html content is sanitised (spaces.md section 8.6).
  [[nodiscard]] bool for_browser() const { return for_browser_; }
  [[nodiscard]] std::string_view field(std::string_view name) const { return request_.field(name); }

  /// The JSON body, empty when there is none. Errors: invalid_json, duplicate_member,
  /// invalid_member.
  [[nodiscard]] base::Result<Members> members() const { return Members::read(request_.body); }
  [[nodiscard]] base::Result<Query> query() const { return Query::read(request_.query); }

  /// Step 8 of http.md section 4 ends: what is wrong with the input is the error; unknown members
  /// and parameters become warnings, or errors when handling=strict was asked for. Every operation
  /// calls one of them before it makes its effect.
  base::Result<void> finish(Members& members) const;
  base::Result<void> finish(Members& members, Query& query) const;
  base::Result<void> finish(Query& query) const;  ///< a body is ignored with a warning
  base::Result<void> finish() const;              ///< neither: both are ignored with warnings

  /// The answer may be held for a while (`wait`): whoever called can wait.
  [[nodiscard]] bool may_hold() const { return may_hold_; }

  void warn(Warning warning) const { warnings_.push_back(std::move(warning)); }

 private:
  friend class SpacePipeline;
  SpaceCall(const Request& request, std::vector<std::string> segments,
            std::vector<Warning>& warnings)
      : request_(request), segments_(std::move(segments)), warnings_(warnings) {}

  const Request& request_;
  std::vector<std::string> segments_;
  std::vector<Warning>& warnings_;
  std::optional<spaces::Caller> caller_;
  std::optional<credential::SpaceKeyHash> join_token_;
  bool for_browser_ = false;
  bool strict_ = false;
  bool may_hold_ = false;
};

/// The first half of an operation: turns the input into typed values once and says what will be
/// done. Touches no store.
using SpaceOperation = base::Result<SpaceEffect> (*)(const SpaceDesk& desk, const SpaceCall& call);

/// `limit` and `cursor` of a list (http.md section 13). `list` names it, as `<spaceId>/messages`.
struct Paged {
  int limit = 0;
  std::int64_t after = 0;
};
base::Result<Paged> read_paged(const SpaceDesk& desk, Query& query, std::string_view list,
                               int standard, int most);
/// `cursor` and `hasMore` of the answer.
void add_cursor(const SpaceDesk& desk, boost::json::object& body, std::string_view list,
                std::int64_t last, bool has_more);

}  // namespace kronborg::api
