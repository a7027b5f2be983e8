#include "channel/error_bodies.h"

#include "base/json_members.h"

namespace kronborg::channel {
namespace {

using base::json::object;

std::string nested(const base::Error& error, std::string_view type) {
  const object inside{
      {"code", base::facts(error.code).name}, {"message", error.text()}, {"type", type}};
  return base::sorted_json(object{{"error", inside}});
}

}  // namespace

std::string session_error(const base::Error& error) {
  object members{{"code", base::facts(error.code).name}, {"error", error.text()}};
  if (error.status() == 503) members["hint"] = error.next_step();
  return base::sorted_json(members);
}

std::string call_error(const base::Error& error) { return nested(error, "secure_channel_error"); }

std::string channel_required_error() {
  return nested(base::Code::secure_channel_required, "upgrade_required");
}

}  // namespace kronborg::channel
