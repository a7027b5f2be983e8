#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "spaces/act.h"
#include "spaces/space.h"

namespace kronborg::spaces {

/// Takes the next bytes of an export; false: no more are wanted.
using ExportSink = std::function<bool(std::string_view)>;

/// The whole space as lines of JSON (docs/protocol/spaces.md section 12), in pieces of at most 64
/// KiB. Inside one read transaction it is one snapshot; only a page of rows, or one content, is in
/// memory at a time. The `end` line is missing when the sink wanted no more, or an error ended it.
base::Result<void> export_space(Act& act, const Space& space, const ExportSink& sink);

}  // namespace kronborg::spaces
