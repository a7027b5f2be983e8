#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "credential/space_key.h"
#include "spaces/act.h"

namespace kronborg::spaces {

/// One row of a space (docs/protocol/spaces.md section 4).
struct Space {
  static constexpr std::int64_t closing_notice_ms = 300'000;  ///< before a `ttl` end

  std::int64_t number = 0;
  std::string id, name, description;
  std::optional<std::string> agenda;
  bool is_public = false, requires_approval = true, require_verified = false;
  std::string owner_id;
  std::int64_t created_at_ms = 0, updated_at_ms = 0;
  std::optional<std::int64_t> expires_at_ms, unused_until_ms, ownerless_at_ms;
  std::int64_t retention_days = 30;
  std::optional<std::int64_t> closed_at_ms, erase_at_ms;
  std::optional<SpaceEnd> end;
  std::int64_t last_seq = 0;
  std::optional<std::int64_t> last_message_at_ms;
  std::int64_t content_bytes = 0;
  bool told_closing = false;  ///< of its `ttl` end, or too late for that
  bool erased = false;        ///< its content is gone

  [[nodiscard]] bool is_open() const { return !closed_at_ms.has_value(); }
};

struct NewSpace {
  std::string name, description;
  std::optional<std::string> agenda;
  bool is_public = false;
  std::optional<std::int64_t> ttl_s;
  std::string owner_name = "owner";
  std::optional<std::string> owner_role;
  std::optional<bool> requires_approval;
  bool require_verified = false;
  std::optional<std::int64_t> owner_key_expires_in_s;
  std::int64_t retention_days = 30;
};
struct Created {
  Space space;
  std::string owner_id, key_id;
  std::optional<std::int64_t> key_expires_at_ms;
  credential::SpaceKey key;
};
/// Writes `space.created` and `key.minted`, by the new owner. Error: store_full at Parts::max_open.
base::Result<Created> create_space(Act& act, const NewSpace& wanted);

/// Error: not_found.
base::Result<Space> read_space(Act& act, std::int64_t number);

/// A member that is present changes; `agenda` and `ttl_s` hold an inner nothing to clear.
struct SpaceChange {
  std::optional<std::string> name, description;
  std::optional<std::optional<std::string>> agenda;
  std::optional<bool> is_public, requires_approval, require_verified;
  std::optional<std::optional<std::int64_t>> ttl_s;
  std::optional<std::int64_t> retention_days;
};
/// Writes `space.updated` with the names of the members, tells the readers and posts a system
/// message. A change of nothing has no effect.
base::Result<Space> update_space(Act& act, std::int64_t number, const SpaceChange& change);

/// Ends the space: all keys die (`space_closed`), locks are released, pending joins and invitations
/// end, the readers are told and their streams end. Nothing when it is closed already. `reason`:
/// the owner's words, for the audit.
base::Result<Space> close_space(Act& act, std::int64_t number, SpaceEnd end,
                                std::optional<std::string> reason,
                                std::optional<std::int64_t> retention_days);
/// The owner's last key has ended without successor (section 11.4): marks the space, ends its
/// invitations, and closes it in 7 days. Called by what ends keys.
base::Result<void> become_ownerless(Act& act, std::int64_t number);

/// Recomputes `due_at_ms` of the row from what stands in it; after every change of an end.
base::Result<void> set_due(Act& act, std::int64_t number);

/// Members of section 4.2 up to `lastSeq`, without participants, artifacts and `you`.
base::json::object render(const Space& space);
/// The short form of streams (`with_id`: `spaceId`, `name`, `status`, …) and of message lists
/// (`status`, `name`, …), both with `updatedAt` and `expiresAt`?.
base::json::object render_brief(const Space& space, bool with_id);
/// Tells the readers; `action` is `updated`, `closing` or `closed` (section 8.4).
void tell_space(Act& act, const Space& space, std::string_view action);

/// One row of the public directory (section 4.5).
struct Listing {
  Space space;
  std::int64_t participant_count = 0;
  std::optional<std::string> agent_link;
};
struct Listings {
  std::vector<Listing> spaces;
  std::int64_t last = 0;  ///< number of the last one looked at; the next page has lower ones
  bool has_more = false;
};
/// Open public spaces, newest first, with a number below `before` (0: from the newest). `q` is
/// matched in name and description without regard to ASCII case; with it a page may be short, or
/// empty, and still have more: at most 2,000 spaces are looked at for one page.
base::Result<Listings> list_public(Act& act, const std::optional<std::string>& q,
                                   std::int64_t before, int limit);

}  // namespace kronborg::spaces
