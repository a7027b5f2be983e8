#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kronborg::base {

/// The whole file, at most `max_bytes`. Error: file_error.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::size_t max_bytes = 16U << 20U);

/// Write to a temporary beside it, fsync, rename, fsync of the folder; mode 0600
/// (identity.md 14.2). A crash leaves the old file or the new one. Errors: file_error, store_full.
Result<void> replace_file(const std::filesystem::path& path, std::string_view content);

/// Writes everything to an open descriptor; `path` is for the error text. Errors: file_error,
/// store_full.
Result<void> write_all(int fd, std::string_view content, const std::filesystem::path& path);

/// Makes the folder with mode 0700 if there is none; refuses one that others can enter, or one
/// of another owner. Error: data_folder_unsafe, file_error.
Result<void> prepare_private_folder(const std::filesystem::path& path);

/// Refuses a file that others can read or write. Error: data_folder_unsafe. Missing files are fine.
Result<void> require_private_file(const std::filesystem::path& path);

}  // namespace kronborg::base
