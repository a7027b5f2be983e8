#include "cli/space_refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "cli/output.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

using base::Code;
using base::Error;

constexpr std::string_view reason_detail = "reason";
constexpr std::string_view wait_detail = "retryAfter";

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> ends{{
    {"kicked", "you were kicked"},
    {"left", "you have left"},
    {"rotated", "it was replaced by a newer key"},
    {"revoked", "it was revoked"},
    {"revoked_by_holder", "it was revoked by its holder"},
    {"reissued", "the owner had a new one issued"},
    {"recovered", "its human has recovered the space"},
    {"expired", "its time has come"},
    {"invitation_revoked", "the invitation was taken back"},
    {"invitation_rotated", "the invitation was replaced by another"},
    {"max_uses", "the invitation is used up"},
    {"closed", "the owner has closed the space"},
    {"ttl", "the time of the space is over"},
    {"unused", "the space was not used"},
    {"ownerless", "the space had no owner any more"},
}};

/// For a code of a later server: what the status says.
Code code_for(int status) {
  switch (status) {
    case 401:
      return Code::key_unknown;
    case 403:
      return Code::role_forbidden;
    case 404:
      return Code::not_found;
    case 409:
      return Code::conflict;
    case 429:
      return Code::rate_limited;
    default:
      return status >= 500 ? Code::internal_error : Code::invalid_member;
  }
}

Error elsewhere(const http::FetchAnswer& answer) {
  return {Code::server_unreachable,
          fmt::format("the server answered {} and names another address: {}", answer.status,
                      base::printable(answer.field("location"), 200)),
          "a key is sent to no address that you have not given; give that one with --server"};
}

/// What stands in the answer beside the text, in words.
std::string more_about(Code code, const base::json::value& value) {
  switch (code) {
    case Code::key_revoked:
    case Code::key_expired:
    case Code::space_closed:
      return words_for_end(raw_of(value, "reason"));
    case Code::artifact_locked:
      return fmt::format("{}, until {}",
                         person(raw_of(value, "lockedByName"), raw_of(value, "lockedBy")),
                         date_of(value, "lockExpiresAt"));
    case Code::revision_conflict:
      return fmt::format("it is at revision {} now, written by {}",
                         number_of(value, "currentRevision"),
                         person(raw_of(inner(value, "updatedBy"), "name"),
                                raw_of(inner(value, "updatedBy"), "participantId")));
    case Code::muted: {
      const auto until = date_of(value, "mutedUntil");
      return until.empty() ? "" : "until " + until;
    }
    case Code::participant_state:
      return std::string(raw_of(value, "status"));
    default:
      return {};
  }
}

template <class Value>
const Value* detail_of(const Error& error, std::string_view name) {
  for (const auto& detail : error.details) {
    if (detail.name == name) return std::get_if<Value>(&detail.value);
  }
  return nullptr;
}

}  // namespace

Error refusal_of(const Reply& reply, const http::FetchAnswer& answer) {
  if (answer.status >= 300 && answer.status < 400) return elsewhere(answer);
  Error error = error_of(reply);
  if (reply.value.is_object() && !base::code_named(raw_of(reply.value, "code")))
    error.code = code_for(reply.status);
  if (auto more = more_about(error.code, reply.value); !more.empty()) {
    error.message = fmt::format("{} ({})", spoken(error.text()), more);
  }
  if (const auto reason = raw_of(reply.value, "reason"); !reason.empty())
    error.details.push_back({.name = std::string(reason_detail), .value = std::string(reason)});
  const auto wait = answer.field("retry-after");
  std::int64_t seconds = 0;
  std::from_chars(wait.data(), wait.data() + wait.size(), seconds);
  if (seconds > 0) error.details.push_back({.name = std::string(wait_detail), .value = seconds});
  return error;
}

std::string ended_reason(const Error& error) {
  if (error.code != Code::key_revoked && error.code != Code::key_expired &&
      error.code != Code::space_closed) {
    return {};
  }
  const auto* reason = detail_of<std::string>(error, reason_detail);
  return reason == nullptr ? std::string("unknown") : *reason;
}

std::string words_for_end(std::string_view reason) {
  const auto* const found =
      std::ranges::find(ends, reason, &std::pair<std::string_view, std::string_view>::first);
  return found == ends.end() ? base::printable(reason, 80) : std::string(found->second);
}

std::int64_t retry_after(const Error& error) {
  const auto* seconds = detail_of<std::int64_t>(error, wait_detail);
  return seconds == nullptr ? 0 : *seconds;
}

}  // namespace kronborg::cli
