#include "cli/reply.h"

#include <fmt/format.h>

namespace kronborg::cli {
namespace {

std::string text_member(const base::json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                  : std::string();
}

}  // namespace

base::Error error_of(const Reply& reply) {
  const auto* object = reply.value.if_object();
  if (object == nullptr) {
    return {base::Code::server_unreachable,
            fmt::format("the server answered {} without saying why", reply.status)};
  }
  const auto code = base::code_named(text_member(*object, "code"));
  base::Error error(code.value_or(reply.status >= 500   ? base::Code::internal_error
                                  : reply.status == 403 ? base::Code::owner_required
                                                        : base::Code::invalid_member),
                    text_member(*object, "error"), text_member(*object, "hint"));
  if (const auto* errors = object->if_contains("errors"); errors != nullptr && errors->is_array()) {
    for (const auto& item : errors->get_array()) {
      if (!item.is_object()) continue;
      error.errors.push_back({text_member(item.get_object(), "pointer"),
                              text_member(item.get_object(), "code"),
                              text_member(item.get_object(), "detail")});
    }
  }
  return error;
}

int exit_code_of(const base::Error& error) { return base::facts(error.code).exit_code; }

}  // namespace kronborg::cli
