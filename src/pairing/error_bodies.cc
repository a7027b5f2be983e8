#include "pairing/error_bodies.h"

#include <fmt/format.h>

#include "base/json_members.h"

namespace kronborg::pairing {
namespace {

using base::json::object;

std::string text_of(const base::Error& error, object members) {
  members["code"] = base::facts(error.code).name;
  if (error.status() == 503) members["hint"] = error.next_step();
  return base::sorted_json(members);
}

}  // namespace

std::string flat_error(const base::Error& error) {
  return text_of(error, {{"error", error.text()}});
}

std::string phone_error(const base::Error& error) {
  if (error.status() == 429) return flat_error(error);
  object members{{"error", base::facts(error.code).name}};
  if (error.code != base::Code::lan_only) members["message"] = error.text();
  return text_of(error, std::move(members));
}

std::string body_too_large_error(std::size_t size) {
  const object inside{
      {"message", fmt::format("Request body too large ({} > {} bytes)", size, max_body_bytes)},
      {"type", "payload_too_large"},
      {"code", base::facts(base::Code::body_too_large).name}};
  return base::sorted_json(object{{"error", inside}});
}

}  // namespace kronborg::pairing
