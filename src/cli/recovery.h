#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "cli/context.h"

namespace kronborg::cli {

struct Shell;

/// The text of the bundle in that file, else of the one in the data folder. Errors: file_error,
/// bundle_unsupported for what is no text.
base::Result<std::string> read_bundle(const Context& context,
                                      const std::optional<std::string>& file);

/// What a bundle says without being opened; null when it is not JSON. Proven by nothing: to be
/// shown only.
base::json::value readable_part(std::string_view bundle);
/// "" when it is not there.
std::string text_of_member(const base::json::value& bundle, std::string_view member);
/// When the bundle was written, for people.
std::string updated_text(const base::json::value& bundle);

void add_recover_command(const Shell& shell);

}  // namespace kronborg::cli
