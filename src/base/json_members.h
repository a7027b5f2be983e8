#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/secret.h"

namespace kronborg::base {

// Members of an object that another party sent. null is the same as absent, and 1.0 is an integer
// (docs/protocol/http.md section 5). Each reader returns false when the member has another type, or
// is absent without being optional; `out` is then unspecified.

/// nullptr: absent or null.
const json::value* set_member(const json::object& object, std::string_view name);

bool read_text(const json::object& object, std::string_view name, std::string& out);
bool read_text(const json::object& object, std::string_view name, std::optional<std::string>& out);
/// -(2^53-1) .. 2^53-1.
bool read_integer(const json::object& object, std::string_view name, std::int64_t& out);
/// 0 .. 2^64-1 without a fraction or an exponent; never passes through a floating-point type.
bool read_plain_u64(const json::object& object, std::string_view name, std::uint64_t& out);

/// Compact JSON with the members sorted by the bytes of their names at every depth; `/` is not
/// escaped. For answers; what is signed is canonical_json().
std::string sorted_json(const json::value& value);
/// The same for an object with secrets: every copy of its texts that is made here is wiped.
SecretText secret_json(json::object members);
/// Overwrites all texts of a value that held secrets.
void wipe_texts(json::value& value);

}  // namespace kronborg::base
