#pragma once

#include <string_view>
#include <vector>

#include "gate/settings.h"
#include "http/message.h"

namespace kronborg::gate {

/// What `Origin` says of a request (docs/protocol/http.md section 9). Agents send none.
enum class Origin : std::uint8_t { absent, allowed, foreign };

Origin judge_origin(const Settings& settings, const http::RequestHead& request);

/// A page's question whether it may ask; it carries no credential.
bool is_preflight(const http::RequestHead& request);
http::Answer preflight_answer(const http::RequestHead& request, Origin origin);

/// The fields that let a page of the request's allowed Origin read the answer.
void add_cors(std::vector<http::Field>& fields, const http::RequestHead& request);
void add_cors(http::Answer& answer, const http::RequestHead& request);

}  // namespace kronborg::gate
