#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/json.h"
#include "crypto/secp256k1.h"

namespace kronborg::vectors {

namespace json = base::json;

/// Calls `check` for each object of the array `name`, with a trace of array and row for failures.
/// A missing or empty array is a failure: a file that says nothing must not pass.
void for_each_row(const json::object& file, std::string_view name,
                  const std::function<void(const json::object&)>& check);

/// The text member `name`; a failure and an empty text when there is none.
std::string text_of(const json::object& row, std::string_view name);
/// The bytes of a member in hexadecimal digits.
base::Bytes bytes_of(const json::object& row, std::string_view name);
crypto::PrivateKey key_of(const json::object& row, std::string_view name);

}  // namespace kronborg::vectors
