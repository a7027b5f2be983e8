#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "credential/space_key.h"
#include "spaces/directory.h"
#include "spaces/notice.h"
#include "spaces/parts.h"
#include "sql/database.h"

namespace kronborg::spaces {

enum class ActorKind : std::uint8_t { participant, human, system, operator_ };

/// One request's, or one background step's, doings in the store: inside one transaction, by
/// somebody, at one time. What happened is written to the audit in the same transaction, and told
/// to the readers of the space after the commit. Only for the thread and the time of its work.
class Act {
 public:
  struct Origin {
    ActorKind kind = ActorKind::system;
    std::string participant_id;  ///< of ActorKind::participant
    std::string key_id;          ///< of the key that was used; empty: none
    std::string source_address;  ///< empty: none
    std::string request_id;      ///< empty: none
  };

  Act(const Parts& parts, sql::Transaction& transaction, std::int64_t now_ms, Origin origin)
      : run(transaction), parts(parts), now_ms(now_ms), origin(std::move(origin)) {}
  Act(const Act&) = delete;
  Act& operator=(const Act&) = delete;

  sql::Transaction& run;  ///< TRY(auto rows, act.run("SELECT …", a, b));
  const Parts& parts;
  const std::int64_t now_ms;
  Origin origin;
  /// Set by an operation that is refused and has nevertheless done something that must stay (a
  /// challenge is used up): the transaction is committed, and the error is the answer.
  bool keep = false;

  struct Entry {
    std::string_view event;    ///< docs/protocol/spaces.md section 12
    std::string subject = {};  ///< id of what it was done to; empty: none
    std::string key_id = {};   ///< the key it is about; empty: that of the actor
    base::json::object detail = {};
  };
  /// One audit entry of the space, numbered without gaps.
  base::Result<void> note(std::int64_t space, Entry entry);

  /// Told to the readers of the space after the commit, in the order of the calls.
  void tell(std::int64_t space, Notice notice);
  /// After the commit these keys are looked up anew. Called for every key whose rights, state or
  /// end a change touches.
  void forget(std::vector<credential::SpaceKeyHash> hashes);

  std::string new_id() const;  ///< UUID version 4
};

}  // namespace kronborg::spaces
