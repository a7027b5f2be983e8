#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kronborg::keyholder {

inline constexpr std::size_t max_keystore_bytes = 64 * 1024;
/// Room for some 200,000 unexpired revocations.
inline constexpr std::size_t max_bundle_content_bytes = 24 * 1024 * 1024;
/// The same sealed, in base64url, with its header.
inline constexpr std::size_t max_bundle_bytes = max_bundle_content_bytes / 3 * 4 + 64 * 1024;

/// From the descriptor's position to the end of the file. Error: file_error (also for more than
/// `max_bytes`). The holder has descriptors only, so `what` names the file in errors.
base::Result<std::string> read_content(int fd, std::size_t max_bytes, std::string_view what);

/// Errors: file_error, store_full.
base::Result<void> write_content(int fd, std::string_view content, std::string_view what);

/// file_error, or store_full when the number says that the disk is full.
base::Error file_failure(std::string_view what, int number);

}  // namespace kronborg::keyholder
